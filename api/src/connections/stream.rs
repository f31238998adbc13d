//! A connection's bytes, with the limits of its waits.

use super::count::{Connections, State};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A connection that fails when its client waits too long.
pub struct Watched<Io> {
    io: Io,
    peer: SocketAddr,
    state: Arc<State>,
    connections: Connections,
    /// When something was sent or received last.
    moved: Instant,
    /// When the head began that has not become a request, and how many requests had begun then.
    head: Option<(Instant, u64)>,
    timer: Pin<Box<Sleep>>,
}

impl<Io> Watched<Io> {
    pub(super) fn new(
        io: Io,
        peer: SocketAddr,
        state: Arc<State>,
        connections: Connections,
    ) -> Self {
        let now = Instant::now();
        Self {
            io,
            peer,
            state,
            moved: now,
            head: Some((now, 0)),
            timer: Box::pin(sleep_until(now + connections.limits().head)),
            connections,
        }
    }

    fn is_handled(&self) -> bool {
        self.state.handled.load(Ordering::Relaxed) > 0
    }

    /// Bytes came: of the body of a request that is handled, or of a head.
    fn received(&mut self) {
        self.moved = Instant::now();
        let begun = self.state.begun.load(Ordering::Relaxed);
        if self.head.is_some_and(|(_, before)| begun != before) {
            self.head = None;
        }
        if self.head.is_none() && !self.is_handled() {
            self.head = Some((self.moved, begun));
        }
    }

    /// Fails if the client has waited too long, and wakes the task when it will have.
    fn poll_waits(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let limits = self.connections.limits();
        loop {
            let begun = self.state.begun.load(Ordering::Relaxed);
            let until = match self.head {
                _ if self.is_handled() => Instant::now() + limits.idle,
                Some((start, before)) if begun == before => start + limits.head,
                _ => self.moved + limits.idle,
            };
            if until <= Instant::now() {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            // A timer that is too early is set again when it rings: most requests set none.
            if until < self.timer.deadline() || self.timer.is_elapsed() {
                self.timer.as_mut().reset(until);
            }
            ready!(self.timer.as_mut().poll(context));
        }
    }

    /// A write: bytes that were taken count as movement; one that waits has its limit.
    fn wrote<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(done) => {
                self.moved = Instant::now();
                Poll::Ready(done)
            }
            Poll::Pending => self.poll_waits(context).map(Err),
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Watched<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.io).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before {
                    self.received();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.poll_waits(context).map(Err),
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Watched<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.wrote(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(context, pieces);
        self.wrote(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

impl<Io> Drop for Watched<Io> {
    fn drop(&mut self) {
        self.connections.forget(self.peer, &self.state);
    }
}
