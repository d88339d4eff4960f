//! One thin adapter for each library.

mod async_io;
mod clokwerk;
mod delay_queue;
mod delay_timer;
mod proto;
mod scheduled_thread_pool;
mod sexton;
mod timer;
mod tokio_cron_scheduler;

pub use self::async_io::AsyncIo;
pub use self::clokwerk::Clokwerk;
pub use self::delay_queue::DelayQueue;
pub use self::delay_timer::DelayTimer;
pub use self::proto::Proto;
pub use self::scheduled_thread_pool::Pool;
pub use self::sexton::Sexton;
pub use self::timer::Timer;
pub use self::tokio_cron_scheduler::TokioCron;
