//! Offline model-based optimisation: tasks with a hidden truth, proxies, optimisers, and the study
//! of how far a proxy is gamed.
//!
//! Whoever optimises against a learned proxy finds its errors: the proxy climbs, the truth falls.
//!
//! - A [`Task`] has a [`Space`] of designs, labelled designs of which the worse part is visible,
//!   and a truth. [`Problem`] cuts it in two: [`Data`], which proxies and optimisers see in
//!   standard units, and a [`Judge`], which they do not.
//! - A [`Learner`] makes a [`Proxy`] of the data; an [`Optimiser`] searches for designs that the
//!   proxy likes and gives its way as a [`Trajectory`].

pub mod audit;
mod code;
mod data;
mod designs;
mod detectors;
mod error;
mod labelled;
pub mod measures;
mod optimiser;
pub mod optimisers;
mod problem;
pub mod proxies;
mod proxy;
mod space;
pub mod stops;
pub mod study;
mod task;
pub mod tasks;
mod truth;
mod words;

pub use code::Code;
pub use data::Data;
pub use designs::Designs;
pub use detectors::Detectors;
pub use error::ProxyError;
pub use labelled::{Labelled, Merge};
pub use optimiser::{Optimiser, PROPOSALS, Step, Trajectory};
pub use problem::{HeldBack, Judge, Judged, Outside, Problem};
pub use proxy::{Features, Learner, Objective, OwnSearch, Proxy, objective};
pub use space::{Space, Variable};
pub use task::{Cut, Task};
pub use truth::{Oracle, Truth};
