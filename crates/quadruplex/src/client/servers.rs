//! Which data centres there are and where.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use quadruplex_api::types::DcOption;
use quadruplex_crypto::rsa::PublicKey;

/// The servers that a client talks to.
#[derive(Clone, Debug)]
pub struct Servers {
    /// Where the first connection goes before the account's own data centre is known.
    pub first_dc: i32,
    /// The addresses of the data centres, in order of preference. Telegram's answer to `help.getConfig` replaces them.
    pub addresses: BTreeMap<i32, Vec<SocketAddr>>,
    /// Addresses that take none but obfuscated streams (`tcpo_only`). They are used where the client obfuscates, and by any client where a
    /// data centre has no others. Telegram's answer to `help.getConfig` replaces them, too.
    pub obfuscated: BTreeMap<i32, Vec<SocketAddr>>,
    /// The keys by which they are known.
    pub keys: Vec<PublicKey>,
    /// Whether they are Telegram's test servers.
    pub test: bool,
}

impl Servers {
    /// Telegram's servers: <https://core.telegram.org/api/datacenter>.
    pub fn telegram() -> Self {
        let dcs = [[149, 154, 175, 50], [149, 154, 167, 51], [149, 154, 175, 100], [149, 154, 167, 91], [149, 154, 171, 5]];
        Self::at(2, &dcs, PublicKey::telegram(), false)
    }

    /// Telegram's test servers, with accounts of their own.
    pub fn telegram_test() -> Self {
        let dcs = [[149, 154, 175, 10], [149, 154, 167, 40], [149, 154, 175, 117]];
        Self::at(2, &dcs, PublicKey::telegram_test(), true)
    }

    /// Any server: a sandbox, or one of your own.
    pub fn custom(first_dc: i32, addresses: impl IntoIterator<Item = (i32, SocketAddr)>, key: PublicKey) -> Self {
        let mut known: BTreeMap<i32, Vec<_>> = BTreeMap::new();
        addresses.into_iter().for_each(|(dc, address)| known.entry(dc).or_default().push(address));
        Self { first_dc, addresses: known, obfuscated: BTreeMap::new(), keys: vec![key], test: false }
    }

    fn at(first_dc: i32, dcs: &[[u8; 4]], key: PublicKey, test: bool) -> Self {
        let address = |(dc, ip): (i32, &[u8; 4]), port| (dc, SocketAddr::new(IpAddr::V4(Ipv4Addr::from(*ip)), port));
        let addresses = (1..).zip(dcs).flat_map(|dc| [443, 80, 5222].map(|port| address(dc, port)));
        Self { test, ..Self::custom(first_dc, addresses, key) }
    }

    /// Where a data centre is, for a client that obfuscates or not, and whether it has to.
    pub(crate) fn reach(&self, dc: i32, obfuscated: bool) -> Option<(Vec<SocketAddr>, bool)> {
        let [any, only] = [&self.addresses, &self.obfuscated].map(|known| known.get(&dc).map_or(&[][..], Vec::as_slice));
        let obfuscated = obfuscated || any.is_empty();
        let addresses = if obfuscated { [any, only].concat() } else { any.to_vec() };
        (!addresses.is_empty()).then_some((addresses, obfuscated))
    }

    /// Takes over what Telegram says of its servers. What a client of one TCP stream cannot use is left out; data centres that are not
    /// named keep their addresses.
    pub(crate) fn update(&mut self, options: &[DcOption]) {
        let mut told: BTreeMap<i32, [Vec<SocketAddr>; 2]> = BTreeMap::new();
        for option in options {
            let Ok(ip) = option.ip_address.parse::<IpAddr>() else { continue };
            let Ok(port) = u16::try_from(option.port) else { continue };
            if option.cdn || option.media_only || option.secret.is_some() || option.ipv6 {
                continue;
            }
            told.entry(option.id).or_default()[usize::from(option.tcpo_only)].push(SocketAddr::new(ip, port));
        }
        for (dc, [any, only]) in told {
            self.addresses.insert(dc, any);
            self.obfuscated.insert(dc, only);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(id: i32, ip: &str, port: i32) -> DcOption {
        DcOption {
            ipv6: false,
            media_only: false,
            tcpo_only: false,
            cdn: false,
            r#static: false,
            this_port_only: false,
            id,
            ip_address: ip.to_owned(),
            port,
            secret: None,
        }
    }

    #[test]
    fn what_a_plain_client_cannot_use_is_left_out() {
        let useless = [
            DcOption { ipv6: true, ..option(1, "2001:db8::1", 443) },
            DcOption { media_only: true, ..option(1, "192.0.2.2", 443) },
            DcOption { cdn: true, ..option(203, "192.0.2.4", 443) },
            DcOption { secret: Some(vec![1; 16]), ..option(1, "192.0.2.5", 443) },
            option(1, "no address", 443),
            option(1, "192.0.2.6", 70_000),
        ];
        let mut options = useless.to_vec();
        options.extend([option(1, "192.0.2.1", 443), DcOption { this_port_only: true, ..option(1, "192.0.2.1", 80) }]);
        options.push(DcOption { r#static: true, ..option(3, "192.0.2.7", 443) });

        let mut servers = Servers::telegram();
        servers.update(&options);
        let known = |dc: i32| servers.reach(dc, true).map(|(addresses, _)| addresses);
        let texts = |dc: i32| known(dc).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts(1), ["192.0.2.1:443", "192.0.2.1:80"]);
        assert_eq!(texts(3), ["192.0.2.7:443"]);
        assert_eq!(servers.reach(2, false), Servers::telegram().reach(2, false), "who is not named keeps his addresses");
        assert_eq!(known(203), None);
    }

    /// Where the second data centre is once Telegram has named these addresses, each with whether it takes obfuscated streams only: for a
    /// client that need not obfuscate, with whether it has to now, and for one that does.
    fn check(named: &[(bool, &str)], plain: (&[&str], bool), obfuscated: &[&str]) {
        let mut servers = Servers::telegram();
        let named = named.iter().map(|(tcpo_only, ip)| DcOption { tcpo_only: *tcpo_only, ..option(2, ip, 443) });
        servers.update(&named.collect::<Vec<_>>());
        let addresses = |ips: &[&str]| ips.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 443)).collect::<Vec<_>>();
        assert_eq!(servers.reach(2, false), Some((addresses(plain.0), plain.1)));
        assert_eq!(servers.reach(2, true), Some((addresses(obfuscated), true)));
    }

    #[test]
    fn addresses_that_take_obfuscated_streams_only() {
        check(&[(false, "1.0.0.1"), (false, "1.0.0.2")], (&["1.0.0.1", "1.0.0.2"], false), &["1.0.0.1", "1.0.0.2"]);
        check(&[(true, "1.0.0.1"), (false, "1.0.0.2")], (&["1.0.0.2"], false), &["1.0.0.2", "1.0.0.1"]);
        check(&[(true, "1.0.0.1")], (&["1.0.0.1"], true), &["1.0.0.1"]);
    }

    #[test]
    fn telegrams_data_centres() {
        let (real, test) = (Servers::telegram(), Servers::telegram_test());
        assert_eq!(real.addresses[&4][0].to_string(), "149.154.167.91:443");
        assert_eq!((real.addresses.len(), test.addresses.len()), (5, 3));
        assert_eq!((real.keys[0].fingerprint(), test.keys[0].fingerprint()), (0xd09d_1d85_de64_fd85, 0xb258_98df_208d_2603));
    }
}
