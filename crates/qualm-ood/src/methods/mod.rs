//! One method a file: its recipe, how it follows from the fitting statistics, its detector, and a
//! hand-worked test.

mod bank_size;
mod centre;
pub(crate) mod combined;
pub(crate) mod cosine;
mod covariance;
mod dimension;
pub(crate) mod energy;
pub(crate) mod entropy;
pub(crate) mod fdbd;
pub(crate) mod gen_residual;
pub(crate) mod generalised_entropy;
pub(crate) mod gmm;
pub(crate) mod gradnorm;
pub(crate) mod klmatching;
pub(crate) mod knn;
mod logit_score;
pub(crate) mod mahalanobis;
pub(crate) mod mahalanobis_unit;
pub(crate) mod maxlogit;
pub(crate) mod mcm;
pub(crate) mod msp;
pub(crate) mod nci;
mod nearest_class;
pub(crate) mod neco;
pub(crate) mod nnguide;
pub(crate) mod openmax;
pub(crate) mod pnml;
pub(crate) mod relation;
pub(crate) mod residual;
pub(crate) mod rmd;
pub(crate) mod shaped;
pub(crate) mod she;
pub(crate) mod ssd;
pub(crate) mod tempscale;
pub(crate) mod vim;
pub(crate) mod weiper;
