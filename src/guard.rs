//! Calls code that was given to us, and lives through it.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::sync::Arc;

/// Calls it; a panic becomes its message.
///
/// What unwinds past an `AssertUnwindSafe` may be left half changed. Here that is only ever the user's own closure and
/// what it captured, and the same is true of a panic in any thread of theirs.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Arc<str>> {
    catch_unwind(AssertUnwindSafe(call)).map_err(message_of)
}

/// The text of a panic. The payload is the user's value, and its destructor may panic in turn.
fn message_of(payload: Box<dyn Any + Send>) -> Arc<str> {
    let text: Arc<str> = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => Arc::from(*text),
        (_, Some(text)) => Arc::from(text.as_str()),
        _ => Arc::from("a value that is no text"),
    };
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // It panics when it is dropped, and so might what it panics with: leaking that is the end of it.
        std::mem::forget(second);
    }
    text
}
