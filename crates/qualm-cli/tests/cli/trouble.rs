//! What goes wrong around the program: readers that leave, disks that are full, files that shrink,
//! people who press Ctrl-C.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::desk::{Desk, QUALM, Ran, says};
use crate::made;

/// More rows than fit into the pipes and buffers between two programs.
const MANY: usize = 200_000;

/// A bundle whose scores take long, and many rows for it.
fn desk() -> Desk {
    let desk = Desk::with_sets();
    made::write(&desk, &made::usual(4_000, 1), "train.npz");
    made::write(&desk, &made::usual(MANY, 5), "many.safetensors");
    desk.ok("fit --train train.npz --methods knn(k=5) --hold-back 0 -o model.qualm");
    desk
}

fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end(child: Child) -> Ran {
    Ran::of(child.wait_with_output().unwrap())
}

fn make_pipe(desk: &Desk, name: &str) {
    let made = Command::new("mkfifo").arg(desk.path(name)).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program_quietly() {
    let desk = desk();
    for format in ["csv", "jsonl", "parquet", "safetensors"] {
        if format == "parquet" && !cfg!(feature = "parquet") {
            continue;
        }
        let line = format!("score model.qualm many.safetensors --format {format}");
        let mut child = start(&mut desk.command(&line));
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0; 8]).unwrap();
        drop(out);
        let ran = end(child);
        assert_eq!(ran.code, Some(0), "{format}: {}", ran.stderr);
        says(&ran.stderr, &["warning: the bundle holds no reference"]);
        assert_eq!(ran.stderr.lines().count(), 1, "{format}: {}", ran.stderr);
    }
}

#[test]
fn a_reader_of_help_completions_and_tables_may_leave_too() {
    let desk = Desk::with_sets();
    for line in [
        "--help",
        "completions bash",
        "methods",
        "inspect train.npz",
        "methods --json",
    ] {
        // Nobody reads at all.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = desk.command(line).stdout(writer).output().unwrap();
        let ran = Ran::of(output);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{line}");
    }
}

/// Runs the program with a limit on the size of files, which ends writing as a full disk does:
/// halfway through.
fn run_on_full_disk(desk: &Desk, line: &str) -> Ran {
    let script = format!("trap '' XFSZ; ulimit -f 4; exec \"$0\" {line}");
    let output = Command::new("sh")
        .args(["-c", &script, QUALM])
        .current_dir(desk.folder())
        .output()
        .unwrap();
    Ran::of(output)
}

#[test]
fn a_full_disk_leaves_the_old_output_and_no_other_file() {
    let desk = desk();
    made::write(&desk, &made::usual(4_000, 6), "new.npz");
    desk.put("old.csv", "the old output");
    desk.put("old.npz", "the old output");
    let before = desk.files();
    for (line, out) in [
        (
            "fit --train train.npz --head head.npz --methods 'vim,knn(k=5)' -o old.npz",
            "old.npz",
        ),
        (
            "fit --pass 1 --train train.npz --methods 'knn(k=5)' -o old.npz",
            "old.npz",
        ),
        ("score model.qualm new.npz -o old.csv", "old.csv"),
        (
            "score model.qualm new.npz --format jsonl -o old.csv",
            "old.csv",
        ),
        (
            "score model.qualm new.npz --format parquet -o old.csv",
            "old.csv",
        ),
        (
            "score model.qualm new.npz --format safetensors -o old.csv",
            "old.csv",
        ),
        ("calibrate model.qualm new.npz -o old.npz", "old.npz"),
        ("convert new.npz old.npz", "old.npz"),
        (
            "bench --train train.npz --head head.npz --test new.npz --ood odd=odd.npz \
             --methods msp --resamples 10 --html old.csv",
            "old.csv",
        ),
    ] {
        if line.contains("parquet") && !cfg!(feature = "parquet") {
            continue;
        }
        let ran = run_on_full_disk(&desk, line);
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.stderr);
        let error = ran.error();
        assert!(
            error.starts_with(&format!("{out}: write failed: ")),
            "{line}: {error}"
        );
        assert!(desk.files() == before, "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_told() {
    let desk = Desk::with_model();
    for line in [
        "score model.qualm new.npz",
        "methods",
        "inspect new.npz --json",
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = Ran::of(desk.command(line).stdout(full).output().unwrap());
        assert_eq!(ran.code, Some(2), "{line}");
        says(&ran.error(), &["standard output: ", "No space left"]);
    }
}

/// The sets are opened in the order train, head, reference. Once the program waits for the
/// reference to come through a pipe, it has seen the header of the training rows.
#[test]
fn a_file_that_shrinks_before_it_is_read() {
    let desk = Desk::with_sets();
    desk.put("old", "the old output");
    make_pipe(&desk, "pipe");
    let line = "fit --train train.npz --head head.npz --reference pipe -o old";
    let child = start(&mut desk.command(line));
    let mut pipe = OpenOptions::new()
        .write(true)
        .open(desk.path("pipe"))
        .unwrap();
    shrink(&desk, "train.npz");
    pipe.write_all(&desk.bytes("val.npz")).unwrap();
    drop(pipe);
    let ran = end(child);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    says(
        &ran.error(),
        &["train.npz: the file changed while it was in use"],
    );
    assert_eq!(desk.text("old"), "the old output");
}

/// The program cannot get far ahead of us when we do not read what it writes.
#[test]
fn a_file_that_shrinks_while_it_is_read() {
    let desk = desk();
    let mut child = start(&mut desk.command("score model.qualm many.safetensors"));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert_eq!(first, "id,knn.score\n");
    shrink(&desk, "many.safetensors");
    let mut rest = Vec::new();
    out.read_to_end(&mut rest).unwrap();
    let ran = end(child);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    says(
        &ran.error(),
        &["many.safetensors", "ends before its last row"],
    );
}

/// Cuts a file to its first hundred bytes.
fn shrink(desk: &Desk, name: &str) {
    let file = OpenOptions::new()
        .write(true)
        .open(desk.path(name))
        .unwrap();
    file.set_len(100).unwrap();
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn ctrl_c_while_waiting_ends_with_130() {
    let desk = Desk::with_sets();
    desk.put("old", "the old output");
    make_pipe(&desk, "pipe");
    let before = desk.files();
    let line = "fit --train train.npz --head head.npz --reference pipe -o old";
    let child = start(&mut desk.command(line));
    // Opening returns when the program has opened the other end.
    let pipe = OpenOptions::new()
        .write(true)
        .open(desk.path("pipe"))
        .unwrap();
    interrupt(&child);
    let ran = end(child);
    drop(pipe);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(130), ""));
    assert!(desk.files() == before);
}

#[test]
fn ctrl_c_while_writing_leaves_the_old_output_and_no_other_file() {
    let desk = desk();
    desk.put("old.csv", "the old output");
    let before = desk.files();
    let child = start(&mut desk.command("score model.qualm many.safetensors -o old.csv"));
    let started = Instant::now();
    // The new file grows under another name until it is whole.
    while desk.files().len() == before.len() {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "it never began to write"
        );
        thread::sleep(Duration::from_millis(1));
    }
    interrupt(&child);
    let ran = end(child);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(desk.files() == before);
    assert!(File::open(desk.path("old.csv")).is_ok());
}
