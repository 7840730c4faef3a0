//! The recipes in scripts/ for many machines: what their parts add up to is the whole manifest, in order.
// The scripts are for a Unix shell.
#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::run::{SEEDFS, have, seedfs, skipped, succeed};

const DATASET: &str = "files=200,dirs=20,size=3000,kind=mixed";

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts").join(name)
}

/// A command that finds the program under test as `seedfs`, and nothing that Slurm or parallel would have set.
fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let bin = Path::new(SEEDFS).parent().unwrap().to_owned();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path))).unwrap();
    let mut command = Command::new(program);
    command.env("PATH", path).stdin(std::process::Stdio::null());
    ["PARALLEL", "SLURM_ARRAY_TASK_ID", "SLURM_CPUS_PER_TASK"].iter().for_each(|name| _ = command.env_remove(name));
    command
}

fn whole(arguments: &[&str]) -> String {
    String::from_utf8(seedfs(&[&["manifest"], arguments].concat()).stdout).unwrap()
}

/// The parts in the order in which the shell names them.
fn parts(dir: &Path) -> String {
    succeed(Command::new("sh").args(["-c", "cat part-*"]).current_dir(dir))
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn gnu_parallel() {
    if !have(&["bash", "parallel"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // A name that a shell would take apart.
    let parts_dir = dir.path().join("the parts; of it");
    let arguments = ["--format", "jsonl", "--hash", "md5", DATASET];
    let run = || {
        let mut command = command(script("shards-parallel.sh"));
        // Where parallel keeps what it knows of the machine.
        command.env("HOME", dir.path()).arg("11").arg(&parts_dir).args(arguments);
        succeed(&mut command)
    };
    run();
    assert_eq!(std::fs::read_dir(&parts_dir).unwrap().count(), 11);
    assert_eq!(parts(&parts_dir), whole(&arguments));

    // As an interrupted run leaves it.
    std::fs::remove_file(parts_dir.join("part-03")).unwrap();
    std::fs::File::options().write(true).open(parts_dir.join("part-10")).unwrap().set_len(777).unwrap();
    run();
    assert_eq!(parts(&parts_dir), whole(&arguments));

    std::fs::write(parts_dir.join("part-05"), "something else\n").unwrap();
    let failed = command(script("shards-parallel.sh")).arg("11").arg(&parts_dir).args(arguments).output().unwrap();
    assert!(!failed.status.success() && message(&failed).contains("part-05: line 1 is not"), "{}", message(&failed));
}

#[test]
fn gnu_parallel_says_how_it_is_called() {
    if !have(&["bash"]) {
        return;
    }
    for arguments in [&["4", "parts"][..], &["0", "parts", "demo"], &["x", "parts", "demo"]] {
        let output = command(script("shards-parallel.sh")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(message(&output).contains("64"), "{}", message(&output));
    }
}

/// Slurm itself is not at hand: what it does is to run the script once for each index.
#[test]
fn slurm_array() {
    if !have(&["bash"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--hash", "blake3", DATASET];
    // In no order.
    for index in [7, 1, 10, 2, 9, 3, 8, 4, 6, 5] {
        let mut command = command("bash");
        command.arg(script("shards-slurm.sbatch")).arg("10").arg(dir.path().join("parts")).args(arguments);
        succeed(command.env("SLURM_ARRAY_TASK_ID", index.to_string()).env("SLURM_CPUS_PER_TASK", "2"));
    }
    assert_eq!(parts(&dir.path().join("parts")), whole(&arguments));

    let alone = command("bash").arg(script("shards-slurm.sbatch")).args(["10", "parts", DATASET]).output().unwrap();
    assert!(!alone.status.success() && message(&alone).contains("--array=1-10"), "{}", message(&alone));
    let text = std::fs::read_to_string(script("shards-slurm.sbatch")).unwrap();
    let mut commands = text.lines().skip_while(|line| line.starts_with('#'));
    assert!(!commands.any(|line| line.starts_with("#SBATCH")), "Slurm ignores directives behind a command");
}

/// A file in YAML, as JSON.
fn yaml(path: &Path) -> Option<serde_json::Value> {
    let convert = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    for python in ["python3", "/usr/bin/python3"] {
        if let Ok(output) = Command::new(python).args(["-c", convert]).arg(path).output()
            && output.status.success()
        {
            return Some(serde_json::from_slice(&output.stdout).unwrap());
        }
    }
    skipped("python3 with yaml not installed");
    None
}

/// Kubernetes itself is not at hand: what it does is to run the command once for each index from 0.
#[test]
fn kubernetes_indexed_job() {
    let Some(job) = yaml(&script("shards-k8s.yaml")) else { return };
    assert_eq!((job["apiVersion"].as_str(), job["kind"].as_str()), (Some("batch/v1"), Some("Job")));
    let spec = &job["spec"];
    assert_eq!(spec["completionMode"], "Indexed");
    let pod = &spec["template"]["spec"];
    // The others are refused in a Job.
    assert!(["OnFailure", "Never"].contains(&pod["restartPolicy"].as_str().unwrap()));
    let container = &pod["containers"][0];
    assert_eq!(container["volumeMounts"][0]["name"], pod["volumes"][0]["name"]);

    let environment = container["env"].as_array().unwrap().iter();
    let environment: Vec<_> =
        environment.map(|v| (v["name"].as_str().unwrap(), v["value"].as_str().unwrap())).collect();
    let value = |name: &str| environment.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no {name}")).1;
    let count = spec["completions"].as_u64().unwrap();
    assert_eq!(value("SHARDS"), count.to_string());
    assert_eq!(value("PARTS"), container["volumeMounts"][0]["mountPath"].as_str().unwrap());
    assert!(seedfs(&["ls", "--shard", "1/4294967296", value("DATASET")]).status.success());

    let dir = tempfile::tempdir().unwrap();
    let words = container["command"].as_array().unwrap();
    let words: Vec<&str> = words.iter().map(|word| word.as_str().unwrap()).collect();
    assert!(environment.iter().all(|(name, _)| !words.concat().contains(&format!("$({name})"))), "would be replaced");
    for index in 0..count {
        let mut command = command(words[0]);
        command.args(&words[1..]).envs(environment.iter().copied());
        command.env("JOB_COMPLETION_INDEX", index.to_string()).env("PARTS", dir.path()).env("DATASET", DATASET);
        succeed(&mut command);
    }
    assert_eq!(parts(dir.path()), whole(&["--hash", value("HASH"), DATASET]));
}
