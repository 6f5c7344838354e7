package streamsdaemon;

import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;

/** Gives back what a worker that leaves would hold until it runs out: its leases, and its place among those who get some. */
final class Release {
    private static final Logger LOG = LoggerFactory.getLogger(Release.class);
    private static final String WORKER_KEY = "wid"; // of KCL's table WorkerMetricStats

    private final LeaseRefresher leases;
    private final LeaseManagementConfig config;
    private final String worker;

    Release(LeaseRefresher leases, LeaseManagementConfig config, String worker) {
        this.leases = leases;
        this.config = config;
        this.worker = worker;
    }

    /** Whether everything was given back; if not, it runs out by itself. */
    boolean run() {
        try {
            forgetLoad(); // first: or the leader gives a lease that was given back to this very worker
            long given = leases.listLeases().parallelStream()
                    .filter(lease -> worker.equals(lease.leaseOwner()))
                    .filter(lease -> !ExtendedSequenceNumber.SHARD_END.equals(lease.checkpoint()))
                    .filter(this::evict)
                    .count();
            LOG.info("leases given back: {}", given);
            return true;
        } catch (Exception failed) {
            LOG.warn("Leases were not given back, they run out in {} ms: {}", config.failoverTimeMillis(), failed.toString());
            return false;
        }
    }

    private boolean evict(Lease lease) {
        try {
            return leases.evictLease(lease);
        } catch (Exception failed) {
            LOG.warn("The lease {} was not given back: {}", lease.leaseKey(), failed.toString());
            return false;
        }
    }

    private void forgetLoad() {
        String table = config.workerUtilizationAwareAssignmentConfig().workerMetricsTableConfig().tableName();
        config.dynamoDBClient()
                .deleteItem(delete -> delete.tableName(table).key(Map.of(WORKER_KEY, AttributeValue.fromS(worker))))
                .join();
    }
}
