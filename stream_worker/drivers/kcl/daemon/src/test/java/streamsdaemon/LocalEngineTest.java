package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.DescribeStreamResponse;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.Shard;
import software.amazon.awssdk.services.dynamodb.model.ShardFilterType;

class LocalEngineTest {
    private static final String REAL = "arn:aws:dynamodb:ddblocal:000000000000:table/t/stream/2026";
    private static final String SHOWN = "arn:aws:dynamodb:eu-west-1:000000000000:table/t/stream/2026";

    private final Scripted engine = new Scripted();
    private final LocalEngine local = new LocalEngine(engine, REAL, "eu-west-1");

    private static DescribeStreamResponse listing(String last, Shard... shards) {
        return DescribeStreamResponse.builder()
                .streamDescription(all -> all.shards(shards).lastEvaluatedShardId(last))
                .build();
    }

    private static Shard shard(String id, String parent) {
        return Shard.builder().shardId(id).parentShardId(parent).build();
    }

    private List<String> childrenOf(String parent) {
        return local
                .describeStream(ask -> ask.streamArn(SHOWN)
                        .shardFilter(filter -> filter.type(ShardFilterType.CHILD_SHARDS).shardId(parent)))
                .streamDescription()
                .shards()
                .stream()
                .map(Shard::shardId)
                .toList();
    }

    @Test
    @DisplayName("never between us and AWS")
    void onlyLocal() {
        assertTrue(LocalEngine.isLocal(REAL));
        assertTrue(LocalEngine.isLocal("arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026"));
        assertFalse(LocalEngine.isLocal("arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026"));
    }

    @Test
    @DisplayName("the engine is asked for the ARN that it knows")
    void arns() {
        local.getShardIterator(ask -> ask.streamArn(SHOWN).shardId("a"));
        assertEquals(REAL, engine.iterators.get(0).streamArn());
        assertEquals(SHOWN, LocalEngine.shown(REAL, "eu-west-1"));
    }

    @Test
    @DisplayName("children that the engine does not tell are found in all pages of its listing")
    void children() {
        engine.describe = asked -> asked.shardFilter() != null
                ? listing(null)
                : asked.exclusiveStartShardId() == null
                        ? listing("b", shard("a", null), shard("b", "a"))
                        : listing(null, shard("c", "a"), shard("d", "b"));
        assertEquals(List.of("b", "c"), childrenOf("a"));
        assertTrue(engine.described.stream().allMatch(asked -> asked.streamArn().equals(REAL)));
    }

    @Test
    @DisplayName("an engine that tells them is believed")
    void told() {
        engine.describe = asked -> listing(null, shard("b", "a"));
        assertEquals(List.of("b"), childrenOf("a"));
        assertEquals(1, engine.described.size());
    }

    @Test
    @DisplayName("a stream that is not there is a line, not an error: an old one may be gone")
    void gone() {
        engine.describe = asked -> {
            throw ResourceNotFoundException.builder().message("none").build();
        };
        Tables.tellIfGone(local, SHOWN);
        assertEquals(REAL, engine.described.get(0).streamArn());
    }
}
