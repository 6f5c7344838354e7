package streamsdaemon;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/**
 * How the process ends: because it was asked to, because something failed, or by KCL, which calls
 * {@code System.exit} when a child is gone.
 */
final class Ending {
    static final int OK = 0;
    static final int FAILED = 1;
    static final int MISCONFIGURED = 2;
    static final int TRIMMED = 4;

    private static final Logger LOG = LoggerFactory.getLogger(Ending.class);
    private static final long CHILD_GONE_GRACE_MILLIS = 2000; // its own shard never answers; the others do in less

    private final AtomicBoolean begun = new AtomicBoolean();
    private final long graceMillis;
    private volatile Daemon daemon;

    Ending(long graceMillis) {
        this.graceMillis = graceMillis;
    }

    /** From now on this is what is stopped. */
    void of(Daemon daemon) {
        this.daemon = daemon;
    }

    /** SIGTERM and SIGINT stop in order; the exit status says whether that was done, which no shutdown hook could. */
    void onSignals() {
        for (String name : new String[] {"TERM", "INT"}) {
            Signal.handle(new Signal(name), signal -> asked("SIG" + signal.getName()));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(this::byKcl, "by-kcl"));
    }

    /** When stdin ends, whoever started us is gone. */
    void onEndOfInput() {
        Thread watch = new Thread(
                () -> {
                    try {
                        System.in.transferTo(java.io.OutputStream.nullOutputStream());
                    } catch (java.io.IOException closed) {
                        LOG.debug("stdin was closed", closed);
                    }
                    if (!begun.get()) { // whoever asked us to stop may be gone before we have
                        asked("the end of stdin");
                    }
                },
                "stdin");
        watch.setDaemon(true);
        watch.start();
    }

    /** The first time in order, the second time at once. */
    void asked(String by) {
        if (!begun.compareAndSet(false, true)) {
            Runtime.getRuntime().halt(FAILED);
        }
        LOG.info("stops, asked by {}", by);
        finish(OK);
    }

    /** Something failed; the rest is stopped in order. */
    void failed(int status, String why) {
        if (begun.compareAndSet(false, true)) {
            LOG.error(why);
            finish(status);
        }
    }

    /** The scheduler came back: by our doing, which ends the process elsewhere, or because it could not begin. */
    void schedulerEnded() throws InterruptedException {
        failed(FAILED, "KCL could not begin: the lines above say why.");
        Thread.currentThread().join();
    }

    private void finish(int status) {
        Runnable last = () -> {
            int found = Math.max(status, FAILED);
            try {
                found = stop(graceMillis) ? status : found;
            } catch (Throwable unforeseen) { // an Error, too
                LOG.error("Could not stop in order:", unforeseen);
            } finally { // nothing else would end the process
                Runtime.getRuntime().halt(found);
            }
        };
        new Thread(last, "ending").start();
    }

    private boolean stop(long millis) {
        Daemon running = daemon;
        return running == null || running.stop(millis);
    }

    private void byKcl() {
        if (daemon != null && begun.compareAndSet(false, true)) {
            LOG.error("A child is gone: stops, so that the last checkpoints are where the next one begins.");
            stop(CHILD_GONE_GRACE_MILLIS);
        }
    }
}
