package streamsdaemon;

import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.StreamsSchedulerFactory;
import com.amazonaws.services.dynamodbv2.streamsadapter.polling.DynamoDBStreamsPollingConfig;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.coordinator.DeletedStreamListProvider;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leader.LeaderBridge;
import software.amazon.kinesis.leases.LeaseManagementConfig.WorkerUtilizationAwareAssignmentConfig;
import software.amazon.kinesis.leases.LeaseManagementFactory;
import software.amazon.kinesis.leases.dynamodb.DynamoDBLeaseRefresher;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.multilang.MultiLangDaemonConfig;
import software.amazon.kinesis.multilang.config.ConfigBridge;
import software.amazon.kinesis.multilang.config.MultiLangDaemonConfiguration;
import software.amazon.kinesis.processor.StreamTracker;
import software.amazon.kinesis.retrieval.RetrievalConfig;
import software.amazon.kinesis.worker.WorkerMetricsSelector;

/** KCL's scheduler on a stream of DynamoDB's, from the first lease to the last that is given back. */
final class Daemon {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
    private static final long TURN_MILLIS = 500; // of KCL's loop, which begins and ends shards; its own is a second
    private static final long LOOK_MILLIS = 50;
    private static final int TABLE_LOOK_S = 1;
    private static final int TABLE_PATIENCE_S = 120;

    private final ConfigBridge.Resolved kcl;
    private final TrimGuard guard;
    private final String shown; // the ARN as the guarded client is asked for it
    private final StreamTracker tracker;
    private final Scheduler scheduler;
    private final Release release;

    /**
     * Builds everything; nothing runs yet.
     *
     * @param configuration the settings
     * @param onTrimmed told why, if records were trimmed under a running processor
     */
    Daemon(Configuration configuration, Consumer<String> onTrimmed) throws IOException {
        Region region = StreamsClients.region(configuration.kcl().get("regionName"));
        MultiLangDaemonConfig file = configuration.forStream("a stream of DynamoDB's");
        MultiLangDaemonConfiguration settings = file.getMultiLangDaemonConfiguration();
        AwsCredentialsProvider credentials = present(ConfigBridge.credentials(settings));
        kcl = ConfigBridge.resolve(
                settings, () -> new StreamsProcessor(file.getRecordProcessorFactory().shardRecordProcessor(), guard()));
        String stream = configuration.streamArn() != null
                ? configuration.streamArn()
                : Tables.latestStream(kcl.lease().dynamoDBClient(), configuration.table());
        StreamsClients clients = new StreamsClients(configuration, region, credentials);
        guard = new TrimGuard(clients.of(stream), configuration.stopOnTrimmedData() ? onTrimmed : null);
        // The adapter sets it too, but only after its lease factory has copied the default: a minute's stall at a first start.
        kcl.lease().shardSyncIntervalMillis(0);
        kcl.coordinator().shardConsumerDispatchPollIntervalMillis(TURN_MILLIS);
        balanceShardsWhereNoLoadIsKnown(kcl.lease().workerUtilizationAwareAssignmentConfig());
        AmazonDynamoDBStreamsAdapterClient adapter = new AmazonDynamoDBStreamsAdapterClient(guard, region);
        shown = LocalEngine.shown(stream, region.id());
        tracker = StreamsSchedulerFactory.createSingleStreamTracker(
                shown,
                InitialPositionInStreamExtended.newInitialPosition(
                        InitialPositionInStream.valueOf(configuration.kcl().get("initialPositionInStream").toUpperCase())));
        scheduler = scheduler(configuration, adapter, settings.getApplicationName());
        shortenLeaderLock(settings.getWorkerIdentifier(), configuration.leaderLeaseMillis());
        release = new Release(scheduler.leaseRefresher(), kcl.lease(), settings.getWorkerIdentifier());
        LOG.info("reads {} as worker {}", stream, settings.getWorkerIdentifier());
    }

    /** Reads until it is stopped. */
    void run() throws Exception {
        seedLeases();
        scheduler.run();
    }

    /** Lets children say how far they are, then gives every lease back; whether all of it was done in time. */
    boolean stop(long millis) {
        boolean inTime = haveChildrenLeft(millis);
        if (!inTime) {
            LOG.warn("After {} ms a child has not said how far it is: its last records will come again.", millis);
        }
        scheduler.shutdown();
        return release.run() && inTime;
    }

    /** KCL's own waiting goes on for seconds after the last child has answered. */
    private boolean haveChildrenLeft(long millis) {
        scheduler.startGracefulShutdown();
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!guard.haveAllLeft() && System.nanoTime() < until) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
        }
        return guard.haveAllLeft();
    }

    private static AwsCredentialsProvider present(AwsCredentialsProvider credentials) {
        try {
            credentials.resolveCredentials();
            return credentials;
        } catch (SdkClientException none) {
            throw new ConfigurationError("No AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                    + "AWS_SECRET_ACCESS_KEY, or give this machine a role.");
        }
    }

    /** Made when the stream is known, which takes a client that the processors' factory is resolved with. */
    private TrimGuard guard() {
        return guard;
    }

    private Scheduler scheduler(
            Configuration configuration, AmazonDynamoDBStreamsAdapterClient adapter, String application) {
        DynamoDBStreamsPollingConfig polling = new DynamoDBStreamsPollingConfig(adapter);
        polling.idleTimeBetweenReadsInMillis(configuration.number("idleTimeBetweenReadsInMillis"));
        polling.maxRecords(Math.toIntExact(configuration.number("maxRecords")));
        return StreamsSchedulerFactory.createScheduler(
                kcl.checkpoint(),
                kcl.coordinator(),
                kcl.lease(),
                kcl.lifecycle(),
                kcl.metrics(),
                kcl.processor(),
                new RetrievalConfig(adapter, tracker, application).retrievalSpecificConfig(polling),
                adapter);
    }

    private void balanceShardsWhereNoLoadIsKnown(WorkerUtilizationAwareAssignmentConfig assignment) {
        if (assignment.disableWorkerMetrics() || !assignment.workerMetricList().isEmpty()) {
            return;
        }
        assignment.workerMetricList().addAll(WorkerMetricsSelector.create().getDefaultWorkerMetrics());
        if (assignment.workerMetricList().isEmpty()) {
            assignment.workerMetricList().add(new ShardsHeld(
                    () -> scheduler == null ? 0 : scheduler.shardInfoShardConsumerMap().size()));
        }
    }

    private void shortenLeaderLock(String worker, long millis) {
        try {
            LeaderBridge.shorten(scheduler, worker, millis);
        } catch (ReflectiveOperationException changed) {
            LOG.warn(
                    "This KCL's leader lock cannot be shortened ({}): when the leader dies, two minutes pass before its "
                            + "shards are read again.",
                    changed.getMessage());
        }
    }

    /** On an empty lease table KCL waits for up to half a minute before it lists the shards; so that is done here. */
    private void seedLeases() throws Exception {
        LeaseManagementFactory factory = kcl.lease().leaseManagementFactory();
        DynamoDBLeaseRefresher leases = factory.createLeaseRefresher();
        leases.createLeaseTableIfNotExists();
        leases.waitUntilLeaseTableExists(TABLE_LOOK_S, TABLE_PATIENCE_S);
        if (leases.isLeaseTableEmpty()) {
            Tables.tellIfGone(guard, shown); // KCL says nothing, and waits for shards
            tracker.streamConfigList()
                    .forEach(stream -> factory.createShardSyncTaskManager(
                                    new NullMetricsFactory(), stream, new DeletedStreamListProvider())
                            .callShardSyncTask());
        }
    }
}
