//! `help.*`: what clients ask before anything else.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("help.acceptTermsOfService", Access::Home, |_| Ok(true.into())),
    method("help.dismissSuggestion", Access::Home, |_| Ok(true.into())),
    method("help.getAppConfig", Access::Open, app_config),
    method("help.getAppUpdate", Access::Open, |_| Ok(Object::new("help.noAppUpdate").into())),
    method("help.getCdnConfig", Access::Open, |_| Ok(Object::new("cdnConfig").with("public_keys", none()).into())),
    method("help.getConfig", Access::Open, config),
    method("help.getCountriesList", Access::Open, countries),
    method("help.getInviteText", Access::Home, |_| Ok(Object::new("help.inviteText").with("message", "").into())),
    method("help.getNearestDc", Access::Open, nearest_dc),
    method("help.getPeerColors", Access::Home, colors),
    method("help.getPeerProfileColors", Access::Home, colors),
    method("help.getPromoData", Access::Home, promo),
    method("help.getTermsOfServiceUpdate", Access::Open, terms),
    method("help.getTimezonesList", Access::Home, timezones),
    method("help.saveAppLog", Access::Open, |_| Ok(true.into())),
    method("help.setBotUpdatesStatus", Access::Home, |_| Ok(true.into())),
];

/// The longest a client may rely on what it has been told, in seconds.
const EXPIRES: i32 = 3600;

/// Numbers of `config` that no client here depends on, as Telegram gives them.
const CONSTANTS: [(&str, i32); 23] = [
    ("chat_size_max", 200),
    ("megagroup_size_max", 200_000),
    ("forwarded_count_max", 100),
    ("online_update_period_ms", 210_000),
    ("offline_blur_timeout_ms", 5_000),
    ("offline_idle_timeout_ms", 30_000),
    ("online_cloud_timeout_ms", 300_000),
    ("notify_cloud_delay_ms", 30_000),
    ("notify_default_delay_ms", 1_500),
    ("push_chat_period_ms", 60_000),
    ("push_chat_limit", 2),
    ("revoke_time_limit", i32::MAX),
    ("revoke_pm_time_limit", i32::MAX),
    ("rating_e_decay", 2_419_200),
    ("stickers_recent_limit", 200),
    ("channels_read_media_period", 604_800),
    ("call_receive_timeout_ms", 20_000),
    ("call_ring_timeout_ms", 90_000),
    ("call_connect_timeout_ms", 30_000),
    ("call_packet_timeout_ms", 10_000),
    ("webfile_dc_id", 1),
    ("lang_pack_version", 1),
    ("base_lang_pack_version", 1),
];

fn none() -> Value {
    Value::Vector(Vec::new())
}

fn config(call: &mut Call<'_>) -> Answer {
    let config = &call.world.config;
    let options: Value = config
        .dcs
        .iter()
        .map(|dc| Object::new("dcOption").with("id", dc.id).with("ip_address", dc.ip.as_str()).with("port", i32::from(dc.port)))
        .collect();
    let object = Object::new("config")
        .with("date", call.date())
        .with("expires", call.date() + EXPIRES)
        .with("test_mode", false)
        .with("this_dc", call.caller.dc)
        .with("dc_options", options)
        .with("dc_txt_domain_name", "")
        .with("me_url_prefix", "https://t.me/")
        .with("suggested_lang_code", "en")
        .with("caption_length_max", config.caption_length as i32)
        .with("message_length_max", config.message_length as i32)
        .with("edit_time_limit", config.edit_seconds);
    Ok(CONSTANTS.into_iter().fold(object, |object, (name, value)| object.with(name, value)).into())
}

fn nearest_dc(call: &mut Call<'_>) -> Answer {
    Ok(Object::new("nearestDc").with("country", "GB").with("this_dc", call.caller.dc).with("nearest_dc", call.caller.dc).into())
}

fn app_config(call: &mut Call<'_>) -> Answer {
    const HASH: i32 = 1;
    if call.int("hash") == HASH {
        return Ok(Object::new("help.appConfigNotModified").into());
    }
    let limits =
        [("upload_max_fileparts_default", 4000.0), ("upload_max_fileparts_premium", 8000.0), ("caption_length_limit_default", 1024.0)];
    let values: Value = limits
        .into_iter()
        .map(|(key, value)| Object::new("jsonObjectValue").with("key", key).with("value", Object::new("jsonNumber").with("value", value)))
        .collect();
    Ok(Object::new("help.appConfig").with("hash", HASH).with("config", Object::new("jsonObject").with("value", values)).into())
}

fn countries(_: &mut Call<'_>) -> Answer {
    let codes = vec![Object::new("help.countryCode").with("country_code", "44")];
    let country = Object::new("help.country").with("iso2", "GB").with("default_name", "United Kingdom").with("country_codes", codes);
    Ok(Object::new("help.countriesList").with("countries", vec![country]).with("hash", 0).into())
}

fn colors(_: &mut Call<'_>) -> Answer {
    Ok(Object::new("help.peerColors").with("hash", 0).with("colors", none()).into())
}

fn timezones(_: &mut Call<'_>) -> Answer {
    Ok(Object::new("help.timezonesList").with("hash", 0).with("timezones", none()).into())
}

fn promo(call: &mut Call<'_>) -> Answer {
    Ok(Object::new("help.promoDataEmpty").with("expires", call.date() + EXPIRES).into())
}

fn terms(call: &mut Call<'_>) -> Answer {
    Ok(Object::new("help.termsOfServiceUpdateEmpty").with("expires", call.date() + EXPIRES).into())
}
