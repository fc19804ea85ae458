use super::{Command, Parameter};

/// The commands that handlers take, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandList(pub(crate) Vec<Listed>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) usage: String,
    pub(crate) parameters: Vec<(&'static str, &'static str)>,
}

impl Listed {
    pub(crate) fn of<C: Command>() -> Self {
        let told = |parameter: &Parameter| (parameter.name, parameter.description);
        Self { name: C::NAME, description: C::DESCRIPTION, usage: C::usage(), parameters: C::PARAMETERS.iter().map(told).collect() }
    }
}
