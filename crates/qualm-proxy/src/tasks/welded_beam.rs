use super::Entry;
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::Labelled;
use crate::space::Space;
use crate::task::Task;
use crate::truth::{Oracle, Truth};

pub(super) const ENTRY: Entry = Entry {
    word: "welded-beam",
    what: "cost of a welded beam that must bear its load; designs that do not are infeasible",
    parameters: "",
    parse: |_, _| Ok(Box::new(WeldedBeam::default())),
};

const ROWS: usize = 5_000;
/// Draws for so many feasible designs: one in ten or so is.
const MOST_DRAWS: usize = 1_000_000;

/// A welded beam (Ragsdell and Phillips 1976): height and length of the weld, height and width of
/// the beam, in inches. The value is the negated cost
/// -(1.10471 h^2 l + 0.04811 t b (14 + l)); the least known cost is 1.7249.
///
/// Feasible: shear stress at most 13,600 psi, bending stress at most 30,000 psi, h <= b, the cost
/// of material at most 5, h >= 0.125, deflection at most 0.25 in, and no buckling under 6,000 lb.
#[derive(Debug)]
pub struct WeldedBeam {
    space: Space,
}

impl Default for WeldedBeam {
    fn default() -> Self {
        Self {
            space: Space::continuous(&[(0.1, 2.0), (0.1, 10.0), (0.1, 10.0), (0.1, 2.0)]),
        }
    }
}

const LOAD: f64 = 6_000.0;
const SPAN: f64 = 14.0;
const YOUNG: f64 = 30e6;
const SHEAR: f64 = 12e6;

fn cost(x: &[f64]) -> f64 {
    1.104_71 * x[0] * x[0] * x[1] + 0.048_11 * x[2] * x[3] * (SPAN + x[1])
}

/// What each constraint is above its limit; feasible where none is above 0.
fn excess(x: &[f64]) -> [f64; 7] {
    let [h, l, t, b] = [x[0], x[1], x[2], x[3]];
    let direct = LOAD / (2f64.sqrt() * h * l);
    let moment = LOAD * (SPAN + l / 2.0);
    let radius = (l * l / 4.0 + ((h + t) / 2.0).powi(2)).sqrt();
    let polar = 2.0 * (2f64.sqrt() * h * l * (l * l / 12.0 + ((h + t) / 2.0).powi(2)));
    let torsion = moment * radius / polar;
    let stress = (direct * direct + direct * torsion * l / radius + torsion * torsion).sqrt();
    let bending = 6.0 * LOAD * SPAN / (b * t * t);
    let deflection = 4.0 * LOAD * SPAN.powi(3) / (YOUNG * t.powi(3) * b);
    let slender = 1.0 - t / (2.0 * SPAN) * (YOUNG / (4.0 * SHEAR)).sqrt();
    let buckling = 4.013 * YOUNG * (t * t * b.powi(6) / 36.0).sqrt() / (SPAN * SPAN) * slender;
    let material = 0.104_71 * h * h + 0.048_11 * t * b * (SPAN + l) - 5.0;
    [
        stress - 13_600.0,
        bending - 30_000.0,
        h - b,
        material,
        0.125 - h,
        deflection - 0.25,
        LOAD - buckling,
    ]
}

fn value(x: &[f64]) -> Truth {
    match excess(x).iter().all(|excess| *excess <= 0.0) {
        true => Truth::of(-cost(x)),
        false => Truth::Infeasible,
    }
}

impl Task for WeldedBeam {
    fn name(&self) -> &str {
        ENTRY.word
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Exact
    }

    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        let label = |x: &[f64]| match value(x) {
            Truth::Value(value) => Some(value),
            Truth::Infeasible => None,
        };
        super::drawn_where(self.name(), &self.space, ROWS, MOST_DRAWS, seed, label)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        Ok(designs.iter().map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_known_design() {
        let best = [0.205_730, 3.470_489, 9.036_624, 0.205_730];
        assert!((cost(&best) - 1.724_852).abs() < 1e-4);
        // It stands on four constraints: within rounding of its published digits.
        let scale = [13_600.0, 30_000.0, 1.0, 5.0, 1.0, 1.0, 6_000.0];
        for (excess, scale) in excess(&best).iter().zip(scale) {
            assert!(*excess / scale < 1e-4, "{excess}");
        }
        assert_eq!(value(&[0.1, 3.0, 9.0, 0.2]), Truth::Infeasible);
    }
}
