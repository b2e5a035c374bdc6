/// What a design is really worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Truth {
    /// Its value; higher is better.
    Value(f64),
    /// No such thing can be built.
    Infeasible,
}

impl Truth {
    /// A computed value, which is infeasible where it is no finite number.
    pub fn of(value: f64) -> Self {
        if value.is_finite() {
            Self::Value(value)
        } else {
            Self::Infeasible
        }
    }
}

/// Where a task's truth comes from. It stands in every table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oracle {
    /// A formula.
    Exact,
    /// A table that holds every design.
    Table,
    /// A simulation.
    Simulated,
    /// A model, itself learned; what of, in words.
    Learned(String),
    /// The user's command.
    Command(String),
}

impl std::fmt::Display for Oracle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Table => f.write_str("table"),
            Self::Simulated => f.write_str("simulated"),
            Self::Learned(model) => write!(f, "learned: {model}"),
            Self::Command(command) => write!(f, "command: {command}"),
        }
    }
}
