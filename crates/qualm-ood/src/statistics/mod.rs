//! What fitting accumulates over rows. Everything here can be merged with the same statistic of
//! other rows.

mod bank;
mod class_sums;
mod forest;
mod second_moment;

pub(crate) use bank::{Bank, BankRows};
pub(crate) use class_sums::ClassSums;
pub(crate) use forest::{Forest, Merge, Node};
pub(crate) use second_moment::{MomentScratch, SecondMoment};
