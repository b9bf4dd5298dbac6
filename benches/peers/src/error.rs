//! The one error that our frame reader names, at the place where it looks for it.

pub(crate) use outcrop::FrameFault;
