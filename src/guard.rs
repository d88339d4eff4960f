//! Calls the user's code and catches its panics.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::sync::Arc;

/// Calls a closure. If it panics, returns the panic's message.
///
/// A value that a panic unwinds through may be left half changed, and `AssertUnwindSafe` allows that. Here it can only be
/// the user's closure and its captures, as with a panic in any other thread of the program.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Arc<str>> {
    catch_unwind(AssertUnwindSafe(call)).map_err(message_of)
}

/// The message of a panic. The payload is a value of the user's, so its destructor may panic as well.
fn message_of(payload: Box<dyn Any + Send>) -> Arc<str> {
    let text: Arc<str> = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => Arc::from(*text),
        (_, Some(text)) => Arc::from(text.as_str()),
        _ => Arc::from("a value that is no text"),
    };
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // The second payload might panic when it is dropped, too. Leaking it ends the chain.
        std::mem::forget(second);
    }
    text
}
