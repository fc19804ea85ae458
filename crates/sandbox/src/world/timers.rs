//! What happens by itself when its time has come.

use super::World;
use super::fanout::Fanout;
use super::state::Timer;
use super::state::rows::Status;

impl World {
    /// Does everything that is due.
    pub(crate) fn ring(&mut self, date: i32) {
        let mut fanout = Fanout::default();
        while let Some(timer) = self.state.due(date) {
            match timer {
                Timer::Ban(channel, user) => self.lift_ban(&mut fanout, channel, user, date),
                Timer::Poll(id) => drop(self.close_poll(&mut fanout, id, date)),
                Timer::Scheduled(account, id) => self.send_scheduled(&mut fanout, account, id, date),
            }
        }
        self.publish_all(fanout, date);
        if let Err(error) = self.state.commit() {
            tracing::error!(%error, "the state file cannot be written");
        }
    }

    /// Lifts a ban whose time is over; another one may have taken its place.
    fn lift_ban(&mut self, fanout: &mut Fanout, channel: i64, user: i64, date: i32) {
        let Some(member) = self.state.tables.members.get(&(channel, user)) else { return };
        let until = member.restricted.as_ref().and_then(|rights| rights.0.int("until_date"));
        let actor = member.kicked_by;
        if until.is_some_and(|until| until <= date) {
            self.set_member(fanout, channel, user, actor, date, |member| {
                member.restricted = None;
                if member.status == Status::Banned {
                    member.status = Status::Left;
                }
            });
        }
    }
}
