package streamsdaemon;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import java.util.Set;
import software.amazon.awssdk.core.exception.SdkInterruptedException;

/** Lines of KCL and the adapter that sound bad, ask for nothing, and are said of every healthy stream. */
public final class Harmless extends Filter<ILoggingEvent> {
    private static final List<String> BEGINNINGS = List.of(
            // Shards of DynamoDB's have no hash range; KCL audits those of Kinesis.
            "No leases with valid hashranges",
            "Incomplete hash range",
            "Hash range is not complete",
            // The adapter says what it sets, at each start.
            "skipShardSyncAtWorkerInitializationIfLeasesExist is not set",
            "leasesRecoveryAuditorInconsistencyConfidenceThreshold is greater",
            "Setting the delay to complete a shard sync task as 0",
            // Polling is all there is.
            "Some polling properties have been set, defaulting to polling",
            // Outside EC2 and ECS; the shards held are balanced then.
            "Did not find an operating range metadata provider",
            // Until the first report of a worker's load, some seconds after its start.
            "Not able to assign all expiredOrUnAssignedLeases",
            // Of workers that are gone, until their entry is deleted; a live one's own log says why it cannot measure.
            "WorkerStats: WorkerMetricStats(",
            // Of every call that is refused; Throttling says so once a minute.
            "ProvisionedThroughputExceededException thrown while fetching records",
            // TrimGuard says it.
            "Data has been trimmed. Intercepting DynamoDB exception",
            // At each stop: its graceful end and ours meet.
            "Shutdown requested a second time",
            // At each stop, whether there were metrics or not.
            "Dropping metrics [] because CloudWatchPublisherRunnable is shutting down");

    /** At a stop KCL interrupts its own calls, and is surprised; and by what TrimGuard has said already. */
    private static final Set<String> EXPECTED = Set.of(
            SdkInterruptedException.class.getName(),
            InterruptedException.class.getName(),
            TrimGuard.Unskipped.class.getName());

    /** It writes out records; the line before says what went wrong. */
    private static final String WITH_RECORDS = "Skipping over the following data records";

    @Override
    public FilterReply decide(ILoggingEvent event) {
        String said = event.getFormattedMessage();
        boolean isLeftOut = BEGINNINGS.stream().anyMatch(said::startsWith)
                || event.getLoggerName().endsWith(".ThrottlingReporter") // the same as of refused calls
                || event.getMessage().contains(WITH_RECORDS)
                || isExpected(event.getThrowableProxy());
        return isLeftOut ? FilterReply.DENY : FilterReply.NEUTRAL;
    }

    private static boolean isExpected(IThrowableProxy thrown) {
        for (IThrowableProxy cause = thrown; cause != null; cause = cause.getCause()) {
            if (EXPECTED.contains(cause.getClassName())) {
                return true;
            }
        }
        return false;
    }
}
