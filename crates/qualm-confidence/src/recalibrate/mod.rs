//! Repairing confidence: functions fitted on answers whose correctness is known.

pub mod isotonic;
