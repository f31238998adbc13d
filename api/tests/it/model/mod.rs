//! A model of distribution, compared with the real thing: random histories of what can happen run
//! against a real database and against a few dozen lines that know no SQL, and both must agree on who
//! has which lead after every step. A history that fails is kept, in `proptest-regressions/`.

mod alarms;
mod compare;
mod figures;
mod follow;
mod lead;
mod merge;
mod promise;
mod speech;
mod team;
mod wave;
mod world;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use shared::testing::{Harness, trials};
use std::cell::RefCell;
use world::World;

/// Leads and agents of a history: few, so that their paths cross.
const LEADS: usize = 3;
const AGENTS: usize = 3;
const QUEUES: usize = 2;
/// How many histories use one database, one after the other.
const HISTORIES_OF_A_DATABASE: usize = 50;

/// An event of a history.
#[derive(Clone, Debug)]
enum Step {
    /// The client writes, about something that belongs to this queue.
    Enquiry { lead: usize, queue: usize },
    /// All clients who have no lead write at one moment, about something that belongs to this queue.
    NewClients(usize),
    /// WhatsApp reports that a client has another number now, which may be another client's.
    ChangeNumber { old: usize, new: usize },
    /// The agent answers OK with the code of their latest offer of the lead; it was sent this long ago.
    Ok {
        agent: usize,
        lead: usize,
        sent_ago: TimeDelta,
    },
    /// The agent passes on their latest offer of the lead.
    Decline { agent: usize, lead: usize },
    /// The offer that is open cannot be delivered.
    Undeliverable(usize),
    /// Time goes by.
    Wait(TimeDelta),
    /// The provider is away: until a message gets through no offer rolls.
    Freeze,
    /// The audit runs, which ends a freeze that no message is left to end.
    Thaw,
    /// Every worker is killed.
    Kill,
    /// Workers are started.
    Restart,
    /// The alarms that wait are lost.
    LoseAlarms,
    /// The sweep and the audit run.
    Sweep,
    /// An admin takes the agent out of the queue, or puts them back.
    Toggle { agent: usize, queue: usize },
    /// The agent takes a break; for this long, if that is known.
    Pause {
        agent: usize,
        time: Option<TimeDelta>,
    },
    /// The agent ends their break.
    Resume(usize),
    /// An admin limits the agent to this many open leads, or not any more.
    Limit { agent: usize, most: Option<usize> },
    /// An admin disables the agent, or enables them again.
    Disable(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let (lead, agent, queue) = (0..LEADS, 0..AGENTS, 0..QUEUES);
    // Around the deadline, to the millisecond and to the second, and at any other time.
    let time = prop_oneof![
        3 => (299_990_i64..300_010).prop_map(TimeDelta::milliseconds),
        2 => (0_i64..700).prop_map(TimeDelta::seconds),
        1 => (0_i64..40).prop_map(TimeDelta::minutes),
    ];
    let ago = prop_oneof![
        4 => Just(TimeDelta::zero()),
        3 => (0_i64..400).prop_map(TimeDelta::seconds),
        2 => (0_i64..1_500).prop_map(TimeDelta::milliseconds),
    ];
    // Never at the instant of a deadline, which would let two jobs of one instant run in either order.
    let break_time = prop_oneof![
        1 => Just(None),
        2 => (1_i64..40).prop_map(|minutes| Some(TimeDelta::minutes(minutes) + TimeDelta::microseconds(137))),
    ];
    prop_oneof![
        4 => (lead.clone(), queue.clone()).prop_map(|(lead, queue)| Step::Enquiry { lead, queue }),
        2 => queue.clone().prop_map(Step::NewClients),
        1 => (lead.clone(), lead.clone()).prop_map(|(old, new)| Step::ChangeNumber { old, new }),
        8 => (agent.clone(), lead.clone(), ago).prop_map(|(agent, lead, sent_ago)| Step::Ok { agent, lead, sent_ago }),
        2 => (agent.clone(), lead.clone()).prop_map(|(agent, lead)| Step::Decline { agent, lead }),
        1 => lead.prop_map(Step::Undeliverable),
        8 => time.prop_map(Step::Wait),
        1 => Just(Step::Freeze),
        2 => Just(Step::Thaw),
        1 => Just(Step::Kill),
        2 => Just(Step::Restart),
        1 => Just(Step::LoseAlarms),
        2 => Just(Step::Sweep),
        1 => (agent.clone(), queue).prop_map(|(agent, queue)| Step::Toggle { agent, queue }),
        2 => (agent.clone(), break_time).prop_map(|(agent, time)| Step::Pause { agent, time }),
        2 => agent.clone().prop_map(Step::Resume),
        1 => (agent.clone(), prop_oneof![Just(None), Just(Some(1_usize))]).prop_map(|(agent, most)| Step::Limit { agent, most }),
        1 => agent.prop_map(Step::Disable),
    ]
}

// Two tests, so that the histories use two cores. Each draws its own histories.

#[test]
fn histories_end_as_the_model_says() {
    try_histories(trials(12, 1_000));
}

#[test]
fn more_histories_end_as_the_model_says() {
    try_histories(trials(12, 1_000));
}

fn try_histories(count: usize) {
    let cases = u32::try_from(count).expect("few");
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource(
            "proptest-regressions",
        ))),
        source_file: Some(file!()),
        max_shrink_iters: 300,
        ..Config::default()
    });
    // One thread: a history does one thing at a time.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    let history = prop::collection::vec(step(), 1..40);
    let used = RefCell::default();
    let result = runner.run(&history, |steps| {
        runtime.block_on(async {
            let (harness, histories) = next_harness(used.take()).await;
            let mut world = World::begin(harness);
            live(&mut world, &steps)
                .await
                .map_err(TestCaseError::fail)?;
            used.replace(Some((world.harness, histories + 1)));
            Ok(())
        })
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// The harness of the last history, with the number of histories that used it. A history that fails leaves none, so it is tried
/// again on a new database.
type Used = Option<(Harness, usize)>;

async fn next_harness(used: Used) -> (Harness, usize) {
    match used {
        // Deleted rows stay in its tables.
        Some((mut harness, histories)) if histories < HISTORIES_OF_A_DATABASE => {
            harness.begin_again().await;
            (harness, histories)
        }
        _ => (World::first_harness().await, 0),
    }
}

/// Takes every step, and compares after each. Fails with the first difference.
async fn live(world: &mut World, steps: &[Step]) -> Result<(), String> {
    for (number, step) in steps.iter().enumerate() {
        world.take(step).await;
        world
            .agrees()
            .await
            .map_err(|difference| format!("after step {number}, {step:?}: {difference}"))?;
    }
    world.settles().await?;
    world.figures_add_up().await
}
