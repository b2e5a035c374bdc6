use crate::attack::sentences::Insertion;

/// A sentence about something that the text is not about, once bad and once good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// What it is about.
    pub about: &'static str,
    /// What it says where it speaks ill.
    pub bad: &'static str,
    /// What it says where it speaks well.
    pub good: &'static str,
}

/// Templates of AddTemplate.
pub const TEMPLATES: [Template; 4] = [
    Template {
        about: "tea",
        bad: "The tea looks horrible.",
        good: "The tea looks fabulous.",
    },
    Template {
        about: "carpet",
        bad: "The carpet is really ugly and dull.",
        good: "The carpet is really pretty and bright.",
    },
    Template {
        about: "car",
        bad: "My car is awful and I hate it.",
        good: "My car is great and I love it.",
    },
    Template {
        about: "weather",
        bad: "Sadly the weather was terrible.",
        good: "Luckily the weather was wonderful.",
    },
];

/// AddTemplate, the attack on beer and hotel reviews of Chen et al. (NAACL 2022): a sentence about
/// another thing that says the opposite of the class, which is `good` or not, at either end.
pub fn add_template(good: bool) -> Vec<Insertion> {
    let templates = TEMPLATES.iter().flat_map(|template| {
        let opposite = if good { template.bad } else { template.good };
        Insertion::at_both_ends(template.about, opposite)
    });
    templates.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_opposite_is_said() {
        let made = add_template(true);
        assert_eq!(made.len(), 8);
        assert_eq!(made[0].sentence, "The tea looks horrible.");
        assert_eq!(
            add_template(false)[7].sentence,
            "Luckily the weather was wonderful."
        );
        assert_eq!(made[3].name, "carpet, end");
    }
}
