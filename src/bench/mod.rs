//! Measures streams: sends requests on a schedule, keeps what happened to each, and makes a report of it.
//!
//! It uses the client as any program does. [`plan`] says when a request is due, [`run`] sends it, [`measure`] times
//! one stream, [`stats`] adds up, [`report`] shows. What needs no clock and no network (schedule, statistics,
//! report) is pure, and tested with samples made by hand. It never shows an answer.

pub(crate) mod cpu;
pub(crate) mod measure;
pub(crate) mod notes;
pub(crate) mod plan;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod result_file;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod stats;
