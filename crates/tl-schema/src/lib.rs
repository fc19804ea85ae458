//! TL schemas at run time: parser, model, codec and JSON of any layer.
