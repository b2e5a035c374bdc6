//! The built program, run as people run it: each test in a folder of its own.

mod bad_arguments;
mod bad_bundles;
mod bad_files;
mod beliefs;
mod bench;
mod combined;
mod confidence;
mod confidence_eval;
mod confidence_gen;
mod confidence_repair;
mod desk;
mod examples;
mod fit;
mod heads;
mod inspection;
mod made;
mod models;
mod proxies;
#[cfg(feature = "run-models")]
mod rationales;
mod running;
mod score;
mod shards;
mod shell;
#[cfg(unix)]
mod trouble;
