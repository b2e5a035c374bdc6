use std::path::PathBuf;

use clap::Args;
use qualm_confidence::conditional::{Beliefs, report};

use crate::{Ended, console};

#[derive(Debug, Args)]
#[command(
    before_help = r#"Example:
  cat > beliefs.jsonl <<'  END'
  {"event":"A","given":"B","p":0.6,"p_else":0.25,"p_given":0.5,"p_event":0.5}
  {"set":"match","fact":"home or away or draw"}
  {"set":"match","statement":"P(home) = 30%"}
  {"set":"match","statement":"P(away or draw) = 60%"}
  {"set":"match","statement":"P(draw | not home) = 40%"}
  END
  qualm confidence conditional beliefs.jsonl

Scores only the branch that came about, compares what is said of an event with
what its branches imply, and finds for each set the nearest coherent probability
and the bets that lose whatever happens."#,
    after_help = "\
A conditional belief has `given` and `p`, P(event | given), or `p_else`, P(event
| not given), or both; or `text`, such as \"60% if it rains, 25% if not\". It may
have `p_given`, `p_event`, `p_both` P(event and given), `given_true` and
`event_true` once that is known, `event`, `id`, `source`.
Statements are P(A) = .3 or P(A | B) = 30%, where A and B are names joined by
not, and, or; names of several words stand in double quotes."
)]
pub(crate) struct Arguments {
    /// JSONL: a conditional belief, a statement of a set, or a fact a line
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Ended> {
    let found = Beliefs::read(&arguments.file)?.examine()?;
    console::show(&report(&found), &found, arguments.json)?;
    Ok(Ended::Well)
}
