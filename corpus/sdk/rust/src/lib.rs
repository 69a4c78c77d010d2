//! What a Signal K server offers to plugins that are WebAssembly.
//!
//! A core module (target `wasm32-wasi`) uses [`core`] and writes `signalk_plugin::core_exports!();` once; a component
//! (target `wasm32-unknown-unknown`, made one by `wasm-tools`) uses [`component`] and [`component_files`] and writes
//! `signalk_plugin::component_exports!` once. A plugin imports only what it calls.

pub mod component;
pub mod component_files;
pub mod core;
pub mod env;
pub mod json;
