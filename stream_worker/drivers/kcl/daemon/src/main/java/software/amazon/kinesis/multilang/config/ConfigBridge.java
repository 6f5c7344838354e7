package software.amazon.kinesis.multilang.config;

import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.kinesis.checkpoint.CheckpointConfig;
import software.amazon.kinesis.coordinator.CoordinatorConfig;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.lifecycle.LifecycleConfig;
import software.amazon.kinesis.metrics.MetricsConfig;
import software.amazon.kinesis.processor.ProcessorConfig;
import software.amazon.kinesis.processor.ShardRecordProcessorFactory;

/**
 * Lets KCL resolve a .properties file into its configuration objects.
 *
 * <p>It lives in KCL's package because {@code MultiLangDaemonConfiguration.resolvedConfiguration} is visible there only.
 */
public final class ConfigBridge {
    private ConfigBridge() {}

    /** KCL's configuration, without retrieval: that is the adapter's. */
    public record Resolved(
            CoordinatorConfig coordinator,
            CheckpointConfig checkpoint,
            LeaseManagementConfig lease,
            LifecycleConfig lifecycle,
            MetricsConfig metrics,
            ProcessorConfig processor) {}

    /** What KCL makes of its properties. */
    public static Resolved resolve(MultiLangDaemonConfiguration from, ShardRecordProcessorFactory factory) {
        MultiLangDaemonConfiguration.ResolvedConfiguration all = from.resolvedConfiguration(factory);
        return new Resolved(
                all.getCoordinatorConfig(),
                all.getCheckpointConfig(),
                all.getLeaseManagementConfig(),
                all.getLifecycleConfig(),
                all.getMetricsConfig(),
                all.getProcessorConfig());
    }

    /** The credentials that the stream is read with. */
    public static AwsCredentialsProvider credentials(MultiLangDaemonConfiguration from) {
        return from.getKinesisCredentialsProvider().build(AwsCredentialsProvider.class);
    }
}
