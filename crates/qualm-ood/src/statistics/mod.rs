//! What fitting accumulates over rows. Everything here can be merged with the same statistic of
//! other rows.

mod bank;
mod class_scatters;
mod class_sums;
mod extremes;
mod forest;
mod histogram;
mod second_moment;
mod tails;
mod temperature;

pub(crate) use bank::{Bank, BankNeed, BankRows, NewRows};
pub(crate) use class_scatters::ClassScatters;
pub(crate) use class_sums::{ClassSums, SumBy, SumKind, SumOf, SumSet};
pub(crate) use extremes::{Extremes, ExtremesOf};
pub(crate) use forest::{Forest, Merge, Node};
pub(crate) use histogram::Histogram;
pub(crate) use second_moment::{MomentScratch, SecondMoment};
pub(crate) use tails::Tails;
pub(crate) use temperature::TemperatureSums;
