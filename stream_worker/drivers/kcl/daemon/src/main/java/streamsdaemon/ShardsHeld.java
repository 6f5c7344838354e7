package streamsdaemon;

import java.util.function.IntSupplier;
import software.amazon.kinesis.worker.metric.OperatingRange;
import software.amazon.kinesis.worker.metric.WorkerMetric;
import software.amazon.kinesis.worker.metric.WorkerMetricType;

/**
 * How many shards this worker has, as the load that KCL balances.
 *
 * <p>KCL 3 balances by the CPU of EC2 and ECS. Elsewhere it finds no load to measure, and whoever comes later gets nothing.
 */
final class ShardsHeld implements WorkerMetric {
    private static final int MOST = 100; // it is a percentage: of a worker with so many shards

    private final IntSupplier held;

    ShardsHeld(IntSupplier held) {
        this.held = held;
    }

    @Override
    public String getShortName() {
        return getWorkerMetricType().getShortName();
    }

    @Override
    public WorkerMetricValue capture() {
        return WorkerMetricValue.builder()
                .value((double) Math.min(held.getAsInt(), MOST))
                .build();
    }

    @Override
    public OperatingRange getOperatingRange() {
        return OperatingRange.builder().maxUtilization(MOST).build();
    }

    @Override
    public WorkerMetricType getWorkerMetricType() {
        return WorkerMetricType.THROUGHPUT;
    }
}
