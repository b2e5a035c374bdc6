//! The measures of a report, by name.

use serde::{Serialize, Serializer};

use crate::measures::{self, Binning, Levels};

macro_rules! measures {
    ($($(#[$doc:meta])* $variant:ident $name:literal),* $(,)?) => {
        /// A measure of one kind of confidence on one group of records.
        ///
        /// ```
        /// use qualm_confidence::evaluate::Measure;
        ///
        /// assert_eq!(Measure::SmoothEce.name(), "smooth_ece");
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Measure { $($(#[$doc])* $variant),* }

        impl Measure {
            /// All of them, in the order of reports.
            pub const ALL: [Measure; [$($name),*].len()] = [$(Measure::$variant),*];

            /// The name in files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Measure::$variant => $name),* }
            }
        }
    };
}

measures! {
    /// The share of answers that are right, among those with a stated value.
    Accuracy "accuracy",
    /// The mean stated confidence.
    Confidence "confidence",
    /// Expected calibration error over bins of equal width.
    Ece "ece",
    /// Expected calibration error over bins of equal mass.
    EceEqualMass "ece_equal_mass",
    /// The root of the debiased squared calibration error over bins of equal mass, 0 where that is
    /// negative.
    EceDebiased "ce_debiased",
    /// Smooth calibration error.
    SmoothEce "smooth_ece",
    /// Root mean squared calibration error over bins of equal width.
    Rmsce "rmsce",
    /// Maximum calibration error over bins of equal width.
    Mce "mce",
    /// The MAD of Lin, Hilton, Evans (2022), with its trap.
    MadPaper "mad_paper",
    /// Brier score.
    Brier "brier",
    /// Its part by miscalibration (CORP).
    Miscalibration "corp_miscalibration",
    /// Its part by discrimination (CORP).
    Discrimination "corp_discrimination",
    /// Its part by uncertainty (CORP).
    Uncertainty "corp_uncertainty",
    /// Negative log-likelihood.
    Nll "nll",
    /// Spiegelhalter's Z.
    SpiegelhalterZ "spiegelhalter_z",
    /// AUROC of confidence against correctness.
    Auroc "auroc",
    /// Average precision, right answers positive.
    AuprcRight "auprc_right",
    /// Average precision of doubt, wrong answers positive.
    AuprcWrong "auprc_wrong",
    /// Area under the risk-coverage curve.
    Aurc "aurc",
    /// The same beyond a perfect ranking's.
    ExcessAurc "e_aurc",
    /// Area under the generalised risk-coverage curve.
    Augrc "augrc",
    /// Accuracy on the half of the records with the highest confidence.
    AccuracyAt50 "accuracy_at_50",
    /// Accuracy on four fifths of the records.
    AccuracyAt80 "accuracy_at_80",
    /// Accuracy on nine tenths of the records.
    AccuracyAt90 "accuracy_at_90",
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One number a [`Measure`], in the order of [`Measure::ALL`]; `None` where it is not defined.
pub type Values = [Option<f64>; Measure::ALL.len()];

/// All measures at once, over this many bins where there are bins.
#[must_use]
pub fn all(levels: &Levels, bins: usize) -> Values {
    let (width, mass) = (Binning::EqualWidth(bins), Binning::EqualMass(bins));
    let corp = measures::corp(levels);
    Measure::ALL.map(|measure| {
        Some(match measure {
            Measure::Accuracy => levels.total().accuracy(),
            Measure::Confidence => levels.mean(|c, _| c),
            Measure::Ece => measures::expected_error(levels, width),
            Measure::EceEqualMass => measures::expected_error(levels, mass),
            Measure::EceDebiased => measures::debiased_squared_error(levels, mass)
                .max(0.0)
                .sqrt(),
            Measure::SmoothEce => measures::smooth_error(levels),
            Measure::Rmsce => measures::root_mean_squared_error(levels, width),
            Measure::Mce => measures::maximum_error(levels, width),
            Measure::MadPaper => measures::mean_absolute_deviation(levels),
            Measure::Brier => measures::brier(levels),
            Measure::Miscalibration => corp.miscalibration,
            Measure::Discrimination => corp.discrimination,
            Measure::Uncertainty => corp.uncertainty,
            Measure::Nll => measures::negative_log_likelihood(levels),
            Measure::SpiegelhalterZ => return measures::spiegelhalter_z(levels),
            Measure::Auroc => return measures::auroc(levels),
            Measure::AuprcRight => return measures::auprc_right(levels),
            Measure::AuprcWrong => return measures::auprc_wrong(levels),
            Measure::Aurc => measures::aurc(levels),
            Measure::ExcessAurc => measures::excess_aurc(levels),
            Measure::Augrc => measures::augrc(levels),
            Measure::AccuracyAt50 => measures::accuracy_at_coverage(levels, 0.5),
            Measure::AccuracyAt80 => measures::accuracy_at_coverage(levels, 0.8),
            Measure::AccuracyAt90 => measures::accuracy_at_coverage(levels, 0.9),
        })
    })
}
