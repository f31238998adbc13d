//! Every path, command, setting and function that the documents name exists.

use crate::settings::all_settings;
use api::cli::Cli;
use clap::CommandFactory;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Names in capitals that are no settings of a process: the tools, the tests, docker compose and OpenTelemetry's library read
/// them, or they are better-auth's error codes.
const OTHER_NAMES: [&str; 11] = [
    "BANNED_USER",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_RESOURCE_ATTRIBUTES",
    "PASSWORD_COMPROMISED",
    "PROPERTY_LOUNGE_APP_PASSWORD",
    "PROPERTY_LOUNGE_LONG_TESTS",
    "PROPERTY_LOUNGE_MASKED_TESTS",
    "PROPERTY_LOUNGE_OWNER_PASSWORD",
    "PROPERTY_LOUNGE_POSTGRES_BIN",
    "PROPTEST_RNG_SEED",
    "TEST_DATABASE_URL",
];

/// Endings of the files that documents name.
const FILE_ENDINGS: [&str; 10] = [
    "rs", "md", "sql", "toml", "json", "yml", "service", "ts", "py", "http",
];

/// What a document names in code, and where its links lead.
#[derive(Default)]
struct Named {
    code: Vec<String>,
    links: Vec<String>,
    diagrams: Vec<String>,
}

fn named(text: &str) -> Named {
    let mut named = Named::default();
    let mut block: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Code(code) => named.code.push(code.into_string()),
            Event::Start(Tag::Link { dest_url, .. }) => named.links.push(dest_url.into_string()),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                block = Some(language.into_string());
            }
            Event::End(TagEnd::CodeBlock) => block = None,
            Event::Text(lines) => match block.as_deref() {
                Some("mermaid") => named.diagrams.extend(lines.lines().map(str::to_owned)),
                Some("sh" | "bash") => named.code.extend(lines.lines().map(str::to_owned)),
                _ => {}
            },
            _ => {}
        }
    }
    named
}

/// The repository, as documents see it.
struct Repository {
    root: PathBuf,
    files: Vec<String>,
    settings: BTreeSet<String>,
    endpoints: Vec<String>,
}

impl Repository {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the workspace")
            .to_owned();
        let mut files = Vec::new();
        list(&root, "", &mut files);
        let document: serde_json::Value =
            serde_json::from_str(include_str!("../../../openapi/openapi.json")).expect("JSON");
        let endpoints = document["paths"].as_object().expect("paths");
        let mut settings = all_settings();
        settings.extend(OTHER_NAMES.map(str::to_owned));
        Self {
            root,
            files,
            settings,
            endpoints: endpoints.keys().cloned().collect(),
        }
    }

    fn documents(&self) -> impl Iterator<Item = &String> {
        let is_document = |file: &&String| Path::new(file).extension() == Some("md".as_ref());
        self.files.iter().filter(is_document)
    }

    /// Everything in this document that does not exist.
    fn missing(&self, document: &str) -> Vec<String> {
        let text = fs::read_to_string(self.root.join(document)).expect("readable");
        let folder = Path::new(document).parent().expect("a folder");
        self.missing_in(&text, folder)
    }

    fn missing_in(&self, text: &str, folder: &Path) -> Vec<String> {
        let named = named(text);
        let links = named
            .links
            .iter()
            .filter(|link| !self.has_link(link, folder));
        let code = named.code.iter().filter(|code| !self.has_code(code));
        let steps = named.diagrams.iter().filter(|line| !self.has_step(line));
        links.chain(code).chain(steps).cloned().collect()
    }

    fn has_link(&self, link: &str, folder: &Path) -> bool {
        let path = link.split('#').next().unwrap_or_default();
        let elsewhere = path.is_empty() || link.contains("://") || link.starts_with("mailto:");
        elsewhere || self.root.join(folder).join(path).exists()
    }

    fn has_code(&self, code: &str) -> bool {
        self.has_command(code)
            && code
                .split(|c: char| c.is_whitespace() || "='\"(),;`".contains(c))
                .all(|word| {
                    self.has_setting(word) && self.has_file(word) && self.has_endpoint(word)
                })
    }

    /// `./test word`, `./dev word`, `api word` and `bench -- word` are commands that exist.
    fn has_command(&self, code: &str) -> bool {
        let words: Vec<&str> = code.split_whitespace().collect();
        words.windows(2).enumerate().all(|(at, pair)| {
            let [program, word] = [pair[0], pair[1]];
            let is_word = word.starts_with("--") || word.bytes().all(|b| b.is_ascii_lowercase());
            match program {
                "./test" | "./dev" if is_word => {
                    let help = if program == "./dev" {
                        xtask::dev::HELP
                    } else {
                        xtask::test::HELP
                    };
                    word == "--help" || help.split([' ', '[', ']', '\n']).any(|known| known == word)
                }
                "api" if at == 0 && is_word && !word.starts_with("--") => {
                    Cli::command().find_subcommand(word).is_some()
                }
                "bench" if word == "--" => words
                    .get(at + 2)
                    .is_none_or(|figure| self.root.join(format!("bench/src/{figure}.rs")).exists()),
                _ => true,
            }
        })
    }

    /// `DATABASE_URL` is a setting; `TEXT_…` is the beginning of one.
    fn has_setting(&self, word: &str) -> bool {
        let name = word.trim_start_matches('$').trim_end_matches('…');
        let looks_like_one = name.contains('_')
            && name.len() > 4
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        match (looks_like_one, word.ends_with('…')) {
            (false, _) => true,
            (true, false) => self.settings.contains(name),
            (true, true) => self.settings.iter().any(|known| known.starts_with(name)),
        }
    }

    /// A file is named by its whole path or by the end of it; a folder by its whole path.
    fn has_file(&self, word: &str) -> bool {
        let name = word
            .trim_start_matches("../")
            .trim_start_matches("./")
            .trim_end_matches([':', '.']);
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
        let first = name.split('/').next().unwrap_or_default();
        let is_file = name
            .rsplit_once('.')
            .is_some_and(|(stem, end)| !stem.is_empty() && FILE_ENDINGS.contains(&end));
        let is_ours = name.contains('/') && first != "target" && self.root.join(first).is_dir();
        if !plain || first.is_empty() || !(is_file || is_ours) {
            return true;
        }
        self.root.join(name).exists()
            || self
                .files
                .iter()
                .any(|file| file.ends_with(&format!("/{name}")))
    }

    /// `/api/leads/{id}` is in the API document, whatever its parameters are called.
    fn has_endpoint(&self, word: &str) -> bool {
        let path = word
            .trim_start_matches("http://localhost:3001")
            .split('?')
            .next()
            .unwrap_or_default();
        let ours = ["/api/", "/webhooks/"]
            .iter()
            .any(|start| path.starts_with(start) && path.len() > start.len());
        if !ours || path.starts_with("/api/auth") || path.ends_with(['…', '*']) {
            return true;
        }
        let parts: Vec<&str> = path.split('/').collect();
        self.endpoints.iter().any(|known| {
            let known: Vec<&str> = known.split('/').collect();
            known.len() == parts.len()
                && known
                    .iter()
                    .zip(&parts)
                    .all(|(known, part)| known == part || known.starts_with('{'))
        })
    }

    /// The functions of a state diagram's transition: `new --> open: offers/cycle.start`.
    fn has_step(&self, line: &str) -> bool {
        let Some((_, label)) = line.split_once(": ").filter(|_| line.contains("-->")) else {
            return true;
        };
        label
            .split([' ', ','])
            .filter_map(|word| word.split_once('.'))
            .all(|(module, function)| self.has_function(module, function))
    }

    fn has_function(&self, module: &str, function: &str) -> bool {
        let declared = format!("fn {function}");
        let [file, folder] = [format!("/{module}.rs"), format!("/{module}/")];
        self.files
            .iter()
            .filter(|path| path.ends_with(&file) || path.contains(&folder))
            .filter_map(|path| fs::read_to_string(self.root.join(path)).ok())
            .any(|text| {
                text.match_indices(&declared)
                    .any(|(at, _)| text[at + declared.len()..].starts_with(['(', '<']))
            })
    }
}

/// The paths of all files under a folder, without what is built or installed there.
fn list(root: &Path, folder: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(root.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() {
            name.clone()
        } else {
            format!("{folder}/{name}")
        };
        let skipped = ["target", "node_modules", ".git", ".data", ".sqlx"];
        if skipped.contains(&name.as_str()) {
            continue;
        }
        if entry.file_type().expect("a type").is_dir() {
            list(root, &path, files);
        } else {
            files.push(path);
        }
    }
}

#[test]
fn everything_that_the_documents_name_exists() {
    let repository = Repository::read();
    let missing: Vec<String> = repository
        .documents()
        .flat_map(|document| {
            let missing = repository.missing(document).into_iter();
            missing.map(move |name| format!("{document}: {name}"))
        })
        .collect();
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}

#[test]
fn what_does_not_exist_is_found() {
    let repository = Repository::read();
    let text = "`DISTRIBUTION_ACK_SECOND` `TEXTS_…` `shared/src/nowhere.rs` `./test everything` \
        `api fly` `PATCH /api/lead/{id}` [a link](nowhere.md)\n\n```sh\n./dev --rest\n```\n\n\
        ```mermaid\nnew --> open: offers/cycle.begin\n```\n";
    let missing = repository.missing_in(text, Path::new("docs"));
    assert_eq!(
        missing,
        [
            "nowhere.md",
            "DISTRIBUTION_ACK_SECOND",
            "TEXTS_…",
            "shared/src/nowhere.rs",
            "./test everything",
            "api fly",
            "PATCH /api/lead/{id}",
            "./dev --rest",
            "new --> open: offers/cycle.begin",
        ]
    );
}
