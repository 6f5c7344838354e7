package streamsdaemon;

import java.net.URI;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClientBuilder;

/** Makes the client that a stream is read with. */
final class StreamsClients {
    private static final int ATTEMPTS = 10; // as the adapter's own client has it
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private final AwsCredentialsProvider credentials;
    private final String endpoint;
    private final Region region;

    StreamsClients(Configuration configuration, Region region, AwsCredentialsProvider credentials) {
        this.credentials = credentials;
        this.endpoint = configuration.kcl().get("kinesisEndpoint");
        this.region = region;
    }

    /** For this stream. */
    DynamoDbStreamsClient of(String stream) {
        BackoffStrategy backOff = BackoffStrategy.exponentialDelay(FIRST, LONGEST);
        DynamoDbStreamsClientBuilder builder = DynamoDbStreamsClient.builder()
                .region(region)
                .credentialsProvider(credentials)
                .overrideConfiguration(change -> change.retryStrategy(retry -> retry.maxAttempts(ATTEMPTS)
                        .backoffStrategy(backOff)
                        .throttlingBackoffStrategy(backOff)));
        if (endpoint != null) {
            builder.endpointOverride(URI.create(endpoint));
        }
        DynamoDbStreamsClient client = new Throttling(builder.build(), System::nanoTime);
        return LocalEngine.isLocal(stream) ? new LocalEngine(client, stream, region.id()) : client;
    }

    /** The region of that name, or what the environment says. */
    static Region region(String named) {
        try {
            return named != null ? Region.of(named) : new DefaultAwsRegionProviderChain().getRegion();
        } catch (SdkClientException none) {
            throw new ConfigurationError("No region is set: say regionName, or set AWS_REGION.");
        }
    }
}
