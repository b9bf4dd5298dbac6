//! Draws a chart as SVG. The only file that names plotters.
//!
//! What is drawn is decided in `figures`. Colours are those of a light page; the style sheet of the page replaces each
//! by name in the dark, so each stands for one thing. Coordinates of plotters are whole numbers, so the drawing is
//! made large and shown smaller.

use super::number::tick;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::{RGBColor, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, ShapeStyle, TextStyle};
use std::io;
use std::ops::Range;

/// A colour by its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb(u8, u8, u8);

/// Text and axes.
pub(crate) const INK: Rgb = Rgb(0x1c, 0x24, 0x30);
/// Lines of the grid.
pub(crate) const GRID: Rgb = Rgb(0xe3, 0xe7, 0xec);
/// One a model.
pub(crate) const SERIES: [Rgb; 6] = [
    Rgb(0x25, 0x63, 0xa8),
    Rgb(0xc2, 0x57, 0x1a),
    Rgb(0x2e, 0x7d, 0x4f),
    Rgb(0x8a, 0x4f, 0xa3),
    Rgb(0xb0, 0x33, 0x4a),
    Rgb(0x5f, 0x6b, 0x7a),
];

impl Rgb {
    /// As plotters writes it into attributes.
    pub(crate) fn hex(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }

    fn plotted(self) -> RGBColor {
        RGBColor(self.0, self.1, self.2)
    }
}

/// The colour of the model at this place; the first comes again after the last.
pub(crate) fn series(at: usize) -> Rgb {
    SERIES.get(at % SERIES.len()).copied().unwrap_or(INK)
}

/// What a chart is made of, in the units of its axes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    Bar {
        x: Range<f64>,
        y: Range<f64>,
        color: Rgb,
        is_pale: bool,
    },
    Line {
        points: Vec<(f64, f64)>,
        color: Rgb,
    },
    /// A line across the chart, with its name at the top.
    Level {
        x: f64,
        name: String,
    },
    Label {
        at: (f64, f64),
        text: String,
    },
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub name: String,
    pub range: Range<f64>,
    /// Whether its numbers are shown.
    pub has_numbers: bool,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chart {
    /// Told to those who cannot see it.
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub marks: Vec<Mark>,
    /// In units that are shown half as large as a pixel.
    pub size: (u32, u32),
}

type Axes<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawing<T> = Result<T, DrawingAreaErrorKind<io::Error>>;

const FONT: &str = "sans-serif";

impl Chart {
    /// The SVG element. `None` when there is nothing that could be drawn.
    pub(crate) fn to_svg(&self) -> Option<String> {
        let is_drawable = |axis: &Axis| axis.range.start.is_finite() && axis.range.start < axis.range.end;
        if self.marks.is_empty() || !is_drawable(&self.x) || !is_drawable(&self.y) {
            return None;
        }
        let mut svg = String::new();
        self.draw(&SVGBackend::with_string(&mut svg, self.size).into_drawing_area()).ok()?;
        // The element's own head tells no name, and a size in pixels.
        let (_, inside) = svg.split_once("<svg")?.1.split_once('>')?;
        // The library escapes what has a meaning in SVG, not what is no text at all.
        let inside = inside.replace(|c: char| c.is_control() && c != '\n', " ");
        let ((width, height), title) = (self.size, super::page::escaped(&self.title));
        Some(format!(
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>{inside}"
        ))
    }

    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Drawing<()> {
        let mut axes = ChartBuilder::on(area)
            .margin(10)
            .margin_right(30)
            .margin_top(48)
            .x_label_area_size(84)
            .y_label_area_size(if self.y.has_numbers { 130 } else { 16 })
            .build_cartesian_2d(self.x.range.clone(), self.y.range.clone())?;
        let text = || text_style(27, INK, Pos::default());
        let mut mesh = axes.configure_mesh();
        mesh.x_desc(self.x.name.as_str())
            .y_desc(self.y.name.as_str())
            .axis_desc_style(text())
            .label_style(text())
            .axis_style(INK.plotted().stroke_width(2))
            .bold_line_style(GRID.plotted().stroke_width(2))
            .light_line_style(GRID.plotted().mix(0.0))
            .x_labels(8)
            .y_labels(6)
            .x_label_formatter(&|value| tick(*value))
            .y_label_formatter(&|value| tick(*value));
        if !self.y.has_numbers {
            mesh.disable_y_mesh().disable_y_axis();
        }
        mesh.draw()?;
        self.marks.iter().try_for_each(|mark| self.put(&mut axes, mark))?;
        area.present()
    }

    fn put(&self, axes: &mut Axes<'_, '_>, mark: &Mark) -> Drawing<()> {
        let top = self.y.range.end;
        match mark {
            Mark::Bar { x, y, color, is_pale } => {
                let style: ShapeStyle = color.plotted().mix(if *is_pale { 0.35 } else { 1.0 }).filled();
                axes.draw_series([Rectangle::new([(x.start, y.start), (x.end, y.end)], style)])?;
            }
            Mark::Line { points, color } => {
                axes.draw_series([PathElement::new(points.clone(), color.plotted().stroke_width(4))])?;
            }
            Mark::Level { x, name } => {
                axes.draw_series([PathElement::new(
                    vec![(*x, 0.0), (*x, top)],
                    INK.plotted().stroke_width(2),
                )])?;
                let style = text_style(27, INK, Pos::new(self.side(*x), VPos::Bottom));
                axes.draw_series([Text::new(name.clone(), (*x, top), style)])?;
            }
            Mark::Label { at, text } => {
                let style = text_style(28, INK, Pos::new(HPos::Left, VPos::Center));
                axes.draw_series([Text::new(text.clone(), *at, style)])?;
            }
        }
        Ok(())
    }

    /// Where a name stands to its line, so that it does not leave the chart.
    fn side(&self, x: f64) -> HPos {
        let Range { start, end } = self.x.range;
        match (x - start) / (end - start) {
            ..0.1 => HPos::Left,
            0.9.. => HPos::Right,
            _ => HPos::Center,
        }
    }
}

/// Text of this height. The library takes a font's size to be its height with some air.
fn text_style(height: u32, color: Rgb, pos: Pos) -> TextStyle<'static> {
    let size = f64::from(height) * 1.24;
    TextStyle { font: (FONT, size).into_font(), color: color.plotted().to_backend_color(), pos }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(marks: Vec<Mark>) -> Chart {
        let axis = |name: &str| Axis { name: name.into(), range: 0.0..10.0, has_numbers: true };
        Chart { title: "a < b".into(), x: axis("x & y"), y: axis("count"), marks, size: (600, 400) }
    }

    #[test]
    fn every_mark_is_drawn_in_its_colour_and_text_is_escaped() {
        let svg = chart(vec![
            Mark::Bar { x: 1.0..2.0, y: 0.0..5.0, color: series(0), is_pale: false },
            Mark::Bar { x: 2.0..3.0, y: 0.0..5.0, color: series(1), is_pale: true },
            Mark::Line { points: vec![(0.0, 0.0), (9.0, 9.0)], color: series(8) },
            Mark::Level { x: 5.0, name: "p50 <5>".into() },
            Mark::Label { at: (1.0, 1.0), text: "here".into() },
        ])
        .to_svg()
        .unwrap();
        for part in [
            "<svg viewBox=\"0 0 600 400\" role=\"img\" aria-label=\"a &lt; b\"><title>a &lt; b</title>",
            "fill=\"#2563A8\"",
            "opacity=\"0.35\" fill=\"#C2571A\"",
            "stroke=\"#2E7D4F\"",
            "p50 &lt;5&gt;",
            "here",
            "x &amp; y",
            "</svg>",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
    }

    #[test]
    fn nothing_is_no_chart() {
        assert_eq!(chart(vec![]).to_svg(), None);
        let mut flat = chart(vec![Mark::Label { at: (0.0, 0.0), text: String::new() }]);
        flat.x.range = 3.0..3.0;
        assert_eq!(flat.to_svg(), None);
        flat.x.range = f64::NAN..3.0;
        assert_eq!(flat.to_svg(), None);
    }
}
