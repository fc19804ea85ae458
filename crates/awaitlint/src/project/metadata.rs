//! Packages as `cargo metadata` tells them, without touching the network.

use crate::hash::HashMap;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{CargoOpt, Metadata, MetadataCommand, PackageId};

use super::{Package, Project, Target, TargetKind};

/// Loads the workspace of a manifest. The error is Cargo's own.
pub(super) fn load(manifest: &Path) -> Result<Project, String> {
    // Sources for other platforms are often not there.
    let platform = host().map_or(Vec::new(), |host| vec!["--filter-platform".to_owned(), host]);
    let all = |features: bool| {
        let mut command = MetadataCommand::new();
        let options = std::iter::once("--offline".to_owned()).chain(platform.iter().cloned()).collect::<Vec<_>>();
        command.manifest_path(manifest).other_options(options);
        if features {
            command.features(CargoOpt::AllFeatures);
        }
        command.exec()
    };
    match all(true).or_else(|_| all(false)) {
        Ok(metadata) => Ok(project(&metadata)),
        Err(error) => {
            // Sources that were never fetched: the members are known all the same.
            let members = MetadataCommand::new().manifest_path(manifest).no_deps().exec().map_err(|_| brief(&error))?;
            let mut project = project(&members);
            project
                .notices
                .push(super::Notice { path: manifest.to_owned(), message: format!("dependencies are not read: {}", brief(&error)) });
            Ok(project)
        }
    }
}

/// The platform of the installed compiler.
fn host() -> Option<String> {
    let output = Command::new("rustc").arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

fn brief(error: &cargo_metadata::Error) -> String {
    let text = error.to_string();
    let line = text.lines().find(|line| line.contains("error:")).or(text.lines().next()).unwrap_or_default();
    line.trim().trim_start_matches("error:").trim().to_owned()
}

fn project(metadata: &Metadata) -> Project {
    let members: Vec<&PackageId> = metadata.workspace_members.iter().collect();
    let places: HashMap<&PackageId, usize> = metadata.packages.iter().enumerate().map(|(i, p)| (&p.id, i)).collect();
    let mut packages: Vec<Package> = metadata.packages.iter().map(|p| package(p, members.contains(&&p.id))).collect();
    for node in metadata.resolve.iter().flat_map(|resolve| &resolve.nodes) {
        let Some(&at) = places.get(&node.id) else { continue };
        packages[at].deps = node.deps.iter().filter_map(|dep| Some((dep.name.as_str().into(), *places.get(&dep.pkg)?))).collect();
    }
    let mut settings = metadata.workspace_metadata.get("awaitlint").cloned();
    if let ([only], None) = (members.as_slice(), &settings) {
        settings = places.get(only).and_then(|&at| metadata.packages[at].metadata.get("awaitlint").cloned());
    }
    Project {
        root: metadata.workspace_root.clone().into_std_path_buf(),
        packages,
        cache: Some(metadata.target_directory.clone().into_std_path_buf().join("awaitlint")),
        settings,
        notices: Vec::new(),
    }
}

fn package(package: &cargo_metadata::Package, member: bool) -> Package {
    let dir = package.manifest_path.parent().map_or_else(Default::default, |dir| dir.to_owned().into_std_path_buf());
    let targets = package.targets.iter().filter_map(|target| {
        let kind = target.kind.iter().find_map(kind_of)?;
        Some(Target { kind, name: target.name.replace('-', "_").into(), root: target.src_path.clone().into_std_path_buf() })
    });
    Package {
        name: package.name.to_string(),
        version: package.version.to_string(),
        edition: package.edition.as_str().parse().unwrap_or(2021),
        dir,
        targets: targets.collect(),
        deps: Vec::new(),
        member,
        fixed: package.source.is_some(),
        repository: package.repository.clone(),
        categories: package.categories.clone(),
        about: format!("{} {}", package.keywords.join(" "), package.description.as_deref().unwrap_or_default()).to_lowercase(),
    }
}

fn kind_of(kind: &cargo_metadata::TargetKind) -> Option<TargetKind> {
    use cargo_metadata::TargetKind as Kind;
    match kind {
        Kind::Lib | Kind::RLib | Kind::DyLib | Kind::CDyLib | Kind::StaticLib | Kind::ProcMacro => Some(TargetKind::Lib),
        Kind::Bin => Some(TargetKind::Bin),
        Kind::Example => Some(TargetKind::Example),
        Kind::Test => Some(TargetKind::Test),
        Kind::Bench => Some(TargetKind::Bench),
        Kind::CustomBuild => Some(TargetKind::Build),
        _ => None,
    }
}
