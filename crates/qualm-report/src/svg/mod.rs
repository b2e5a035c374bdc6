//! Plots as inline SVG.
//!
//! A plotting library would draw these too, but as pictures: with colours
//! and fonts of its own, text that shrinks with the picture, and tens of
//! kilobytes each. Here colours come from the page's CSS variables, so plots
//! follow light and dark; positions are shares of the available width, so
//! text keeps its size on a phone; and a curve is one path of a few hundred
//! points.

mod bars;
mod curves;
mod frame;
mod histograms;
mod legend;
mod thin;
mod ticks;

pub(crate) use bars::bars;
pub(crate) use curves::curves;
pub(crate) use histograms::histograms;
pub(crate) use legend::Legend;
