package streamsdaemon;

import java.util.ArrayList;
import java.util.List;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamRequest;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamResponse;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.dynamodb.model.GetShardIteratorResponse;
import software.amazon.awssdk.services.dynamodb.model.Shard;
import software.amazon.awssdk.services.dynamodb.model.ShardFilter;
import software.amazon.awssdk.services.dynamodb.streams.DynamoDbStreamsClient;

/**
 * What engines on one's own machine do otherwise than AWS; never between us and a stream of AWS's.
 *
 * <p>DynamoDB Local's ARNs name the region "ddblocal", which the adapter refuses: it is shown another. And such engines
 * answer the filter CHILD_SHARDS with nothing: a shard's children would wait for the next listing, a minute.
 */
final class LocalEngine extends ForwardingStreams {
    private static final String REGION = ":ddblocal:";
    private static final String ACCOUNT = ":000000000000:";

    private final String real;
    private final String shown;

    LocalEngine(DynamoDbStreamsClient next, String real, String region) {
        super(next);
        this.real = real;
        this.shown = shown(real, region);
    }

    /** Whether this is the ARN of a local engine's stream. */
    static boolean isLocal(String arn) {
        return arn.contains(REGION) || arn.contains(ACCOUNT);
    }

    /** The ARN as the adapter may see it. */
    static String shown(String arn, String region) {
        return arn.replace(REGION, ":" + region + ":");
    }

    @Override
    public DescribeStreamResponse describeStream(DescribeStreamRequest request) {
        DescribeStreamRequest asked = shown.equals(request.streamArn())
                ? request.toBuilder().streamArn(real).build()
                : request;
        DescribeStreamResponse answer = next.describeStream(asked);
        ShardFilter filter = asked.shardFilter();
        if (filter == null || !answer.streamDescription().shards().isEmpty()) {
            return answer;
        }
        List<Shard> children = allShards(asked).stream()
                .filter(shard -> filter.shardId().equals(shard.parentShardId()))
                .toList();
        return answer.toBuilder()
                .streamDescription(answer.streamDescription().toBuilder().shards(children).build())
                .build();
    }

    @Override
    public GetShardIteratorResponse getShardIterator(GetShardIteratorRequest request) {
        return next.getShardIterator(
                shown.equals(request.streamArn()) ? request.toBuilder().streamArn(real).build() : request);
    }

    private List<Shard> allShards(DescribeStreamRequest asked) {
        DescribeStreamRequest page = asked.toBuilder().shardFilter((ShardFilter) null).build();
        List<Shard> found = new ArrayList<>();
        String last;
        do {
            DescribeStreamResponse answer = next.describeStream(page);
            found.addAll(answer.streamDescription().shards());
            last = answer.streamDescription().lastEvaluatedShardId();
            page = page.toBuilder().exclusiveStartShardId(last).build();
        } while (last != null);
        return found;
    }
}
