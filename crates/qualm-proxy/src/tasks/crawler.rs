use std::f64::consts::{PI, TAU};

use qualm_stats::Stream;
use rapier2d::prelude::*;
use rayon::prelude::*;

use super::{DATA_STREAM, Entry};
use crate::designs::Designs;
use crate::error::ProxyError;
use crate::labelled::{Labelled, Merge};
use crate::space::{Space, Variable};
use crate::task::Task;
use crate::truth::{Oracle, Truth};

pub(super) const ENTRY: Entry = Entry {
    word: "crawler",
    what: "a simulated crawler of a trunk and two legs with motors: how far it gets in 4 seconds, \
           less what its motors spend",
    parameters: "",
    parse: |_, _| Ok(Box::new(Crawler::default())),
};

/// Designs drawn for the data: each is a simulation of 20 ms.
const ROWS: usize = 1_000;
/// Name, least and largest value of each variable: metres, kilograms, hertz and radians.
const VARIABLES: [(&str, f64, f64); 15] = [
    ("trunk length", 0.4, 1.0),
    ("front thigh length", 0.15, 0.45),
    ("front shin length", 0.15, 0.45),
    ("back thigh length", 0.15, 0.45),
    ("back shin length", 0.15, 0.45),
    ("trunk mass", 1.0, 5.0),
    ("mass of a thigh or shin", 0.1, 0.6),
    ("frequency", 0.5, 2.5),
    ("front hip limit", 0.1, 1.0),
    ("front knee limit", 0.1, 1.0),
    ("back hip limit", 0.1, 1.0),
    ("back knee limit", 0.1, 1.0),
    ("front knee phase", -PI, PI),
    ("back hip phase", -PI, PI),
    ("back knee phase", -PI, PI),
];

/// One step, in seconds, and steps of 4 seconds.
const STEP: f32 = 1.0 / 480.0;
const STEPS: usize = 1_920;
/// Passes over joints and contacts a step. Over 100 random crawlers the ends of a joint come apart by
/// 6 mm at most; by 13 mm with 8 passes, by 75 mm with one.
const PASSES: usize = 20;
const HALF_WIDTH: f32 = 0.03;
const HALF_TRUNK: f32 = 0.06;
/// A motor's torque: so much a radian from its target, less so much a radian a second.
const STIFFNESS: f32 = 40.0;
const DAMPING: f32 = 1.0;
const MOST_TORQUE: f32 = 20.0;
/// Metres that a crawler pays when its motors do the work that lifts it by a metre.
const PRICE: f64 = 0.1;
/// Where no crawler gets on its own: beyond, the simulation has failed.
const BOUND: f32 = 50.0;

/// A crawler: a trunk on two legs of a thigh and a shin each, on the ground, seen from the side.
///
/// A motor at each hip and knee follows a sine of one frequency, from one joint limit to the other,
/// whatever happens (open loop). Value: metres that the trunk gets forward in 4 seconds, less a
/// tenth of the motors' work, work counted in metres by which it would lift the crawler. Legs do
/// not collide with each other. A simulation that leaves numbers or a sphere of 50 m is infeasible.
///
/// Simulated by rapier in steps of 1/480 s, with the mathematics that it promises to be the same on
/// every platform.
#[derive(Debug)]
pub struct Crawler {
    space: Space,
}

impl Default for Crawler {
    fn default() -> Self {
        let variable = |&(name, low, high): &(&str, f64, f64)| Variable::Real {
            name: name.into(),
            low,
            high,
        };
        Self {
            space: Space::new(VARIABLES.iter().map(variable).collect()),
        }
    }
}

/// A motor that swings between the limits of its joint.
struct Motor {
    joint: ImpulseJointHandle,
    limit: f32,
    phase: f32,
    bodies: [RigidBodyHandle; 2],
}

/// What a simulation is made of.
struct Simulation {
    world: PhysicsWorld,
    trunk: RigidBodyHandle,
    motors: Vec<Motor>,
    frequency: f32,
    weight: f64,
}

impl Simulation {
    fn new(design: &[f64]) -> Self {
        let x: Vec<f32> = design.iter().map(|&value| value as f32).collect();
        let mut world = PhysicsWorld::new();
        world.integration_parameters.dt = STEP;
        // Without substeps: what a motor reports is then what it did in the whole step.
        world.integration_parameters.num_solver_iterations = 1;
        world.integration_parameters.num_internal_pgs_iterations = PASSES;
        let ground = RigidBodyBuilder::fixed().translation(Vector::new(0.0, -1.0));
        world.insert(
            ground,
            ColliderBuilder::cuboid(2.0 * BOUND, 1.0).friction(1.0),
        );
        let height = (x[1] + x[2]).max(x[3] + x[4]) + HALF_WIDTH;
        let trunk = Self::insert(&mut world, 0.0, height, [x[0] / 2.0, HALF_TRUNK], x[5]);
        let mut motors = Vec::with_capacity(4);
        for (side, lengths, limits, phases) in [
            (1.0, [x[1], x[2]], [x[8], x[9]], [0.0, x[12]]),
            (-1.0, [x[3], x[4]], [x[10], x[11]], [x[13], x[14]]),
        ] {
            // From the hip down.
            let mut above = (trunk, Vector::new(side * x[0] / 2.0, 0.0));
            let mut top = height;
            for ((length, limit), phase) in lengths.into_iter().zip(limits).zip(phases) {
                let half = length / 2.0;
                let at = [side * x[0] / 2.0, top - half];
                let part = Self::insert(&mut world, at[0], at[1], [HALF_WIDTH, half], x[6]);
                let joint = RevoluteJointBuilder::new()
                    .local_anchor1(above.1)
                    .local_anchor2(Vector::new(0.0, half))
                    .contacts_enabled(false)
                    .limits([-limit, limit])
                    .motor_model(MotorModel::ForceBased)
                    .motor_position(0.0, STIFFNESS, DAMPING)
                    .motor_max_force(MOST_TORQUE);
                motors.push(Motor {
                    joint: world.insert_impulse_joint(above.0, part, joint.build()),
                    limit,
                    phase,
                    bodies: [above.0, part],
                });
                above = (part, Vector::new(0.0, -half));
                top -= length;
            }
        }
        let mass = design[5] + 4.0 * design[6];
        let weight = mass * f64::from(world.gravity.length());
        Self {
            world,
            trunk,
            motors,
            frequency: x[7],
            weight,
        }
    }

    /// A block that touches the ground and no other block.
    fn insert(
        world: &mut PhysicsWorld,
        x: f32,
        y: f32,
        [half_width, half_height]: [f32; 2],
        mass: f32,
    ) -> RigidBodyHandle {
        let ground_alone = InteractionGroups::new(
            Group::GROUP_1,
            Group::all().difference(Group::GROUP_1),
            InteractionTestMode::And,
        );
        let body = RigidBodyBuilder::dynamic()
            .translation(Vector::new(x, y))
            .can_sleep(false);
        let block = ColliderBuilder::cuboid(half_width, half_height)
            .mass(mass)
            .friction(1.0)
            .collision_groups(ground_alone);
        world.insert(body, block).0
    }

    /// Runs a step and gives the work of all motors in it.
    fn step(&mut self, at: usize) -> f64 {
        let angle = TAU as f32 * self.frequency * STEP * at as f32;
        for motor in &self.motors {
            // The engine's own sine, which is the same on every platform.
            let target = motor.limit * Rotation::new(angle + motor.phase).im;
            if let Some(joint) = self.world.impulse_joints.get_mut(motor.joint, true) {
                joint
                    .data
                    .set_motor_position(JointAxis::AngX, target, STIFFNESS, DAMPING);
            }
        }
        self.world.step();
        let work = |motor: &Motor| {
            let joint = self.world.impulse_joints.get(motor.joint)?;
            let [above, below] = motor.bodies.map(|body| self.world.bodies[body].angvel());
            let impulse = joint.data.motor(JointAxis::AngX)?.impulse;
            Some(f64::from(impulse * (below - above)).abs())
        };
        self.motors.iter().filter_map(work).sum()
    }

    /// The trunk's place, where the simulation still has one.
    fn place(&self) -> Option<Vector> {
        let place = self.world.bodies[self.trunk].translation();
        let fine =
            place.is_finite() && place.length() < BOUND && self.world.quarantine().is_empty();
        fine.then_some(place)
    }
}

/// distance - 0.1 work / weight, or infeasible.
fn value(design: &[f64]) -> Truth {
    let mut simulation = Simulation::new(design);
    let (mut work, mut distance) = (0.0, 0.0);
    for at in 0..STEPS {
        work += simulation.step(at);
        let Some(place) = simulation.place() else {
            return Truth::Infeasible;
        };
        distance = f64::from(place.x);
    }
    Truth::of(distance - PRICE * work / simulation.weight)
}

impl Task for Crawler {
    fn name(&self) -> &str {
        ENTRY.word
    }

    fn space(&self) -> &Space {
        &self.space
    }

    fn oracle(&self) -> Oracle {
        Oracle::Simulated
    }

    fn labelled(&self, seed: u64) -> Result<Labelled, ProxyError> {
        let mut stream = Stream::new(seed, DATA_STREAM);
        let drawn: Vec<f64> = (0..ROWS)
            .flat_map(|_| self.space.draw(&mut stream))
            .collect();
        let drawn = Designs::new(drawn, VARIABLES.len());
        let (mut built, mut labels) = (Vec::new(), Vec::new());
        for (at, truth) in self.evaluate(&drawn)?.into_iter().enumerate() {
            if let Truth::Value(value) = truth {
                built.push(at);
                labels.push(value);
            }
        }
        Labelled::new(self.name(), drawn.pick(&built), labels, Merge::Refuse)
    }

    fn evaluate(&self, designs: &Designs) -> Result<Vec<Truth>, ProxyError> {
        let all: Vec<&[f64]> = designs.iter().collect();
        Ok(all.into_par_iter().map(value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Simulation {
        /// Kinetic energy and that of height, in joules.
        fn energy(&self) -> f64 {
            let gravity = self.world.gravity;
            let bodies = self
                .world
                .bodies
                .iter()
                .filter(|(_, body)| body.is_dynamic());
            bodies
                .map(|(_, body)| {
                    f64::from(
                        body.kinetic_energy() + body.gravitational_potential_energy(STEP, gravity),
                    )
                })
                .sum()
        }

        /// How far the two ends of a joint are apart, in metres, and how far it is beyond its limit,
        /// in radians.
        fn slack(&self, motor: &Motor) -> (f32, f32) {
            let joint = self
                .world
                .impulse_joints
                .get(motor.joint)
                .expect("it is there");
            let [above, below] = motor.bodies.map(|body| self.world.bodies[body].position());
            let ends = [
                above.transform_point(joint.data.local_anchor1()),
                below.transform_point(joint.data.local_anchor2()),
            ];
            let angle = (above.rotation.inverse() * below.rotation).angle();
            ((ends[0] - ends[1]).length(), angle.abs() - motor.limit)
        }
    }

    #[test]
    fn joints_hold_and_energy_comes_from_motors_alone() {
        let task = Crawler::default();
        let mut stream = Stream::new(1, 1);
        for _ in 0..10 {
            let mut simulation = Simulation::new(&task.space.draw(&mut stream));
            let start = simulation.energy();
            let mut work = 0.0;
            for at in 0..STEPS {
                work += simulation.step(at);
                let gained = simulation.energy() - start;
                assert!(gained <= work, "{at}: {gained} J of {work} J");
                for motor in &simulation.motors {
                    let (apart, beyond) = simulation.slack(motor);
                    // A stop gives way under a fall.
                    assert!(
                        apart < 0.01 && beyond < 0.25,
                        "{at}: {apart} m, {beyond} rad"
                    );
                }
            }
            assert!(work > 0.0);
        }
    }

    #[test]
    fn what_does_not_move_pays_and_a_design_has_one_value() {
        let task = Crawler::default();
        let middle: Vec<f64> = VARIABLES
            .iter()
            .map(|(_, low, high)| (low + high) / 2.0)
            .collect();
        let mut still = middle.clone();
        still[8..12].fill(0.0);
        let truths = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let designs = Designs::new([&middle[..], &still, &middle].concat(), VARIABLES.len());
            let all = pool.expect("threads").install(|| task.evaluate(&designs));
            all.expect("a simulation does not fail")
        };
        let all = truths(1);
        assert_eq!(all, truths(2));
        assert_eq!(all[0], all[2]);
        match all[1] {
            Truth::Value(value) => assert!(value.abs() < 0.02, "{value}"),
            Truth::Infeasible => panic!("it stands"),
        }
        assert_ne!(all[0], all[1]);
    }

    #[test]
    fn what_leaves_numbers_is_infeasible() {
        let mut design: Vec<f64> = VARIABLES.iter().map(|(_, low, _)| *low).collect();
        design[7] = f64::NAN;
        assert_eq!(value(&design), Truth::Infeasible);
        // Starts 90 m above the ground.
        design[7] = 1.0;
        design[1] = 90.0;
        assert_eq!(value(&design), Truth::Infeasible);
    }
}
