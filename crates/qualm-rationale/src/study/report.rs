//! What a study found, for people.

use qualm_report::{Best, Block, Cell, Column, Report, Table, Tone, Verdict};
use qualm_stats::{Bootstrap, Interval};

use crate::model::Method;
use crate::study::outcome::{Outcome, Tested, UnderAttack};
use crate::study::verdict::{Comparison, comparisons, rows};

/// Verdicts and the tables of accuracies and evidence: what fits a terminal.
pub fn brief(outcomes: &[Outcome]) -> Report {
    let mut report = head(outcomes);
    for test in 0..tests(outcomes).len() {
        for block in verdicts(outcomes, test) {
            report = report.push(block);
        }
        report = report.push(accuracy_table(outcomes, test));
        report = report.push(evidence_table(outcomes, test));
    }
    report
}

/// All tables.
pub fn report(outcomes: &[Outcome]) -> Report {
    let mut report = head(outcomes);
    for (test, tested) in tests(outcomes).iter().enumerate() {
        report = report.push(Block::Heading(tested.name.clone()));
        for block in verdicts(outcomes, test) {
            report = report.push(block);
        }
        report = report.push(accuracy_table(outcomes, test));
        report = report.push(evidence_table(outcomes, test));
        for attack in 0..tested.attacks.len() {
            report = report.push(attack_table(outcomes, test, attack));
            if let Some(table) = variant_table(outcomes, test, attack) {
                report = report.push(table);
            }
        }
    }
    report = report.push(Block::Heading("Training".to_owned()));
    report = report.push(training_table(outcomes));
    let setting = outcomes.first().map_or("", |outcome| &outcome.setting);
    report.push(Block::Settings(vec![
        ("setting".to_owned(), setting.to_owned()),
        ("seeds".to_owned(), seeds(outcomes)),
        ("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
    ]))
}

fn head(outcomes: &[Outcome]) -> Report {
    let collapsed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.trained.collapsed)
        .map(|outcome| format!("{} with seed {}", label(&outcome.method), outcome.seed))
        .collect();
    let report = Report::new("Rationales under attack").summary(format!(
        "{} models; seeds {}. An attack counts by its worst variant, text by text.",
        outcomes.len(),
        seeds(outcomes)
    ));
    if collapsed.is_empty() {
        return report;
    }
    let text = format!(
        "Collapsed to one class: {}. Their other figures say nothing.",
        collapsed.join(", ")
    );
    report.push(Verdict::new(Tone::Bad, text))
}

fn seeds(outcomes: &[Outcome]) -> String {
    let mut seeds: Vec<u64> = outcomes.iter().map(|outcome| outcome.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    seeds.join(", ")
}

fn tests(outcomes: &[Outcome]) -> &[Tested] {
    outcomes.first().map_or(&[], |outcome| &outcome.tests)
}

/// Methods in their order, each once.
fn methods(outcomes: &[Outcome]) -> Vec<&str> {
    let mut methods: Vec<&str> = Vec::new();
    for outcome in outcomes {
        if !methods.contains(&outcome.method.as_str()) {
            methods.push(&outcome.method);
        }
    }
    methods
}

fn label(method: &str) -> String {
    Method::parse(method).map_or_else(|_| method.to_owned(), |method| method.label())
}

/// One sentence a test set, as it is and under each attack: which models hold more than full
/// context, which less.
fn verdicts(outcomes: &[Outcome], test: usize) -> Vec<Block> {
    let name = &tests(outcomes)[test].name;
    let found = comparisons(outcomes);
    let mut of_attacks: Vec<(Option<&str>, Vec<&Comparison>)> = Vec::new();
    for comparison in found.iter().filter(|comparison| comparison.test == *name) {
        let attack = comparison.attack.as_deref();
        match of_attacks.iter_mut().find(|(known, _)| *known == attack) {
            Some((_, group)) => group.push(comparison),
            None => of_attacks.push((attack, vec![comparison])),
        }
    }
    of_attacks
        .into_iter()
        .map(|(attack, group)| {
            let full = rows(outcomes, "fc(sup=0)", test, place(outcomes, test, attack));
            let full = 100.0 * full.iter().sum::<f64>() / full.len().max(1) as f64;
            let told: Vec<String> = group
                .iter()
                .map(|c| {
                    let points = 100.0 * c.difference.value;
                    format!("{} {} it ({points:+.1})", label(&c.method), c.words())
                })
                .collect();
            let on = match attack {
                None => format!("On {name} as they are"),
                Some(attack) => format!("Under {attack}"),
            };
            let text = format!(
                "{on} full context is right on {full:.1} %: {}.",
                told.join("; ")
            );
            let less = group.iter().any(|c| c.difference.hi < 0.0);
            let more = group.iter().any(|c| c.difference.lo > 0.0);
            let tone = match (more, less) {
                (true, false) => Tone::Good,
                (false, true) => Tone::Bad,
                (true, true) => Tone::Mixed,
                (false, false) => Tone::Note,
            };
            Verdict::new(tone, text).into()
        })
        .collect()
}

fn place(outcomes: &[Outcome], test: usize, attack: Option<&str>) -> Option<usize> {
    let attacks = &tests(outcomes)[test].attacks;
    attack.and_then(|name| attacks.iter().position(|known| known.attack == name))
}

/// Accuracy as it is and under each attack, in percent with intervals.
fn accuracy_table(outcomes: &[Outcome], test: usize) -> Table {
    let tested = &tests(outcomes)[test];
    let mut columns = vec![Column::text("model"), Column::number("as it is")];
    columns.extend(tested.attacks.iter().map(|a| Column::number(&a.attack)));
    columns.push(Column::number("worst"));
    let mut table = Table::new(columns).title(format!("Accuracy on {}, in %", tested.name));
    for method in methods(outcomes) {
        let attacks = (0..tested.attacks.len()).map(Some);
        let intervals: Vec<Option<Interval>> = std::iter::once(None)
            .chain(attacks)
            .map(|attack| {
                let right = rows(outcomes, method, test, attack);
                Bootstrap::default().mean(&right).ok()
            })
            .collect();
        let worst = intervals
            .iter()
            .flatten()
            .map(|i| i.value)
            .fold(1.0, f64::min);
        let mut cells = vec![Cell::text(label(method))];
        cells.extend(intervals.into_iter().map(percent));
        cells.push(Cell::number(100.0 * worst, 1));
        table = table.row(cells);
    }
    let last = tested.attacks.len() + 3;
    for column in 1..last {
        table.mark_best_in_column(column, Best::Highest);
    }
    let few: Vec<String> = tested
        .attacks
        .iter()
        .filter(|a| a.before.len() < tested.right.len())
        .map(|a| a.attack.clone())
        .collect();
    let mut note =
        "Means over seeds with 95 % intervals over resampled texts; under attack a text \
                    is right if it was and no variant changes that."
            .to_owned();
    if let Some(attack) = tested.attacks.iter().find(|a| few.contains(&a.attack)) {
        note += &format!(
            " On the first {} texts: {}.",
            attack.before.len(),
            few.join(", ")
        );
    }
    table.note(note)
}

fn percent(interval: Option<Interval>) -> Cell {
    match interval {
        Some(i) => Cell::interval(100.0 * i.value, 100.0 * i.lo, 100.0 * i.hi, 1),
        None => Cell::Missing,
    }
}

/// The mean over seeds of what each tells.
fn mean_of(
    outcomes: &[Outcome],
    method: &str,
    value: impl Fn(&Outcome) -> Option<f64>,
) -> Option<f64> {
    let own = outcomes.iter().filter(|outcome| outcome.method == method);
    let values: Vec<f64> = own.filter_map(value).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn number(value: Option<f64>, factor: f64, decimals: u8) -> Cell {
    value.map_or(Cell::Missing, |v| Cell::number(factor * v, decimals))
}

/// What evidence is worth.
fn evidence_table(outcomes: &[Outcome], test: usize) -> Table {
    let mut table = Table::new([
        Column::text("model"),
        Column::number("selected"),
        Column::number("GR"),
        Column::number("random GR"),
        Column::number("sufficiency"),
        Column::number("comprehensiveness"),
    ])
    .title(format!("Evidence on {}", tests(outcomes)[test].name))
    .note(
        "Means over seeds. GR: macro F1 against people's evidence, in %; random GR: of as many units \
         at random. Sufficiency: by how much the class is less likely from the evidence alone than \
         from all of the text (lower is better); comprehensiveness: than from all but the evidence.",
    );
    for method in methods(outcomes) {
        let worth = |value: fn(&crate::study::EvidenceWorth) -> Option<f64>| {
            mean_of(outcomes, method, |outcome| {
                outcome.tests.get(test)?.evidence.as_ref().and_then(value)
            })
        };
        table = table.row([
            Cell::text(label(method)),
            number(worth(|e| Some(e.share)), 100.0, 1),
            number(worth(|e| e.gr), 100.0, 1),
            number(worth(|e| e.random_gr), 100.0, 1),
            number(worth(|e| Some(e.sufficiency)), 1.0, 3),
            number(worth(|e| Some(e.comprehensiveness)), 1.0, 3),
        ]);
    }
    table
}

/// What an attack does to each model.
fn attack_table(outcomes: &[Outcome], test: usize, attack: usize) -> Table {
    let name = &tests(outcomes)[test].attacks[attack].attack;
    let mut table = Table::new([
        Column::text("model"),
        Column::number("before"),
        Column::number("after"),
        Column::number("drop"),
        Column::number("GR"),
        Column::number("AR"),
        Column::number("gold, not attack"),
        Column::number("queries"),
        Column::number("words changed"),
    ])
    .title(format!("Under {name}"))
    .note(
        "In %, but for queries; means over seeds. AR: share of what the attack wrote that was \
         selected. Gold, not attack: texts whose selection includes people's evidence and nothing of \
         the attack's. Words changed: of the texts whose class was changed.",
    );
    for method in methods(outcomes) {
        let of = |value: fn(&UnderAttack) -> Option<f64>| {
            mean_of(outcomes, method, |outcome| {
                outcome.tests.get(test)?.attacks.get(attack).and_then(value)
            })
        };
        table = table.row([
            Cell::text(label(method)),
            number(of(|a| Some(a.before.share())), 100.0, 1),
            number(of(|a| Some(a.after.share())), 100.0, 1),
            number(of(|a| Some(a.before.share() - a.after.share())), 100.0, 1),
            number(of(|a| a.gr), 100.0, 1),
            number(of(|a| a.capture), 100.0, 1),
            number(of(|a| a.gold_alone), 100.0, 1),
            number(of(|a| Some(a.queries)), 1.0, 1),
            number(
                of(|a| (a.words_changed > 0.0).then_some(a.words_changed)),
                100.0,
                1,
            ),
        ]);
    }
    table
}

/// Accuracy under each template and place; none for attacks without variants.
fn variant_table(outcomes: &[Outcome], test: usize, attack: usize) -> Option<Table> {
    let under = &tests(outcomes)[test].attacks[attack];
    if under.variants.is_empty() {
        return None;
    }
    let methods = methods(outcomes);
    let mut columns = vec![Column::text("variant"), Column::number("texts")];
    columns.extend(methods.iter().map(|method| Column::number(label(method))));
    let mut table = Table::new(columns)
        .title(format!(
            "{}: accuracy under each variant by itself, in %",
            under.attack
        ))
        .note("Means over seeds; a text counts whether it was right before or not.");
    for (at, variant) in under.variants.iter().enumerate() {
        let mut cells = vec![
            Cell::text(&variant.name),
            Cell::number(variant.rows as f64, 0),
        ];
        for method in &methods {
            let accuracy = mean_of(outcomes, method, |outcome| {
                let under = outcome.tests.get(test)?.attacks.get(attack)?;
                under.variants.get(at).map(|variant| variant.accuracy)
            });
            cells.push(number(accuracy, 100.0, 1));
        }
        table = table.row(cells);
    }
    Some(table)
}

fn training_table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new([
        Column::text("model"),
        Column::number("seed"),
        Column::number("passes"),
        Column::number("kept"),
        Column::number("validation, %"),
        Column::text("collapsed"),
        Column::number("texts cut"),
        Column::number("seconds"),
    ])
    .title("Training");
    for outcome in outcomes {
        let trained = &outcome.trained;
        table = table.row([
            Cell::text(label(&outcome.method)),
            Cell::number(outcome.seed as f64, 0),
            Cell::number(trained.epochs as f64, 0),
            Cell::number(trained.best as f64, 0),
            Cell::number(100.0 * trained.validation_accuracy, 1),
            Cell::text(if trained.collapsed { "yes" } else { "no" }),
            Cell::number(trained.cut as f64, 0),
            Cell::number(trained.seconds, 1),
        ]);
    }
    table
}
