use std::sync::Arc;
use std::time::UNIX_EPOCH;

use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::{App, Dispatcher, Menu, Running, Shared, menu};
use crate::Error;
use crate::conversation::Waiting;
use crate::router::Account;
use crate::schedule::Jobs;

impl App {
    /// Starts handling and returns.
    ///
    /// # Errors
    /// The account is not signed in; it is to be one of a [cluster](Self::cluster), which has to be [run](Self::run); a handler takes a state that the router was not given, or has a schedule that is none; the updates
    /// are taken already; the address for metrics is taken.
    ///
    /// # Cancel safety
    /// Not cancel safe: a dropped future may have taken the updates.
    pub async fn start(mut self) -> Result<Running, Error> {
        if self.cluster.is_some() {
            let text = "an application of a cluster is not started with a client of its own\n  help: .run(), or leave out .cluster(…)";
            return Err(Error::Invalid(text.to_owned()));
        }
        let plan = self.plan()?;
        let Self { client, admins, backlog, limits, drain_within, report, watch, menus, .. } = self;
        let client = client.ok_or_else(|| Error::Invalid("the application has no client".to_owned()))?;
        // What is done once for an account is done where it is held.
        let is_holder = client.inner.far().is_none_or(|link| link.welcome().is_some_and(|welcome| welcome.is_here));
        plan.prepare(&client).await?;
        let account = Arc::new(Account::of(&client, &admins).await?);
        if account.is_bot && is_holder {
            let commands = &plan.commands().0;
            let own = commands.iter().fold(Menu::everybody(), |menu, command| menu.command(command.name, command.description));
            let own = (!commands.is_empty()).then_some(own);
            tokio::spawn(menu::show(client.clone(), own.into_iter().chain(menus).collect()));
        }
        let slots = Arc::new(Semaphore::new(limits.at_once.min(Semaphore::MAX_PERMITS)));
        let waiting: Arc<Waiting> = Arc::default();
        let watching = watch.begin(&client, &report, (&slots, limits.at_once), &waiting).await?;
        let metrics = watching.address();
        let updates = client.updates().limits(limits).await?;
        client.inner.tell(&report.reports);
        let admins: Vec<i64> = account.admins.iter().copied().collect();
        let (stop, mut stopped) = watch::channel(false);
        let start = UNIX_EPOCH + client.inner.settings.environment.now().wall;
        let jobs = Jobs {
            client: client.clone(),
            account: Arc::clone(&account),
            plan: Arc::clone(&plan),
            report: report.clone(),
            slots: Arc::clone(&slots),
            limits,
        };
        let (handling, attempts) = (Arc::clone(&waiting), limits.attempts);
        let shared =
            Shared { client: client.clone(), account, plan, report: report.clone(), backlog, attempts, start, slots, waiting: handling };
        let dispatcher = Dispatcher::new(shared, drain_within);
        let reporting = client.clone();
        let task = tokio::spawn(async move {
            let end_of_jobs = CancellationToken::new();
            let handled = dispatcher.run(updates, stopped.clone());
            let handled = async {
                handled.await;
                end_of_jobs.cancel();
            };
            let told = async {
                // Or whoever could tell is gone.
                let _ = stopped.wait_for(|stop| *stop).await;
                end_of_jobs.cancel();
            };
            let jobs = async {
                if is_holder {
                    jobs.run(end_of_jobs.clone(), drain_within).await;
                }
            };
            let all = async { tokio::join!(handled, jobs, end_of_jobs.run_until_cancelled(told)) };
            let reports = async {
                if !admins.is_empty() {
                    report.reports.run(reporting, admins).await;
                }
                std::future::pending().await
            };
            tokio::select! {
                _ = all => {}
                () = reports => {}
                () = watching.serve() => {}
            }
        });
        Ok(Running::new(client, stop, task, metrics, waiting))
    }
}
