package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.model.TrimmedDataAccessException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.processor.ShardRecordProcessor;

class TrimGuardTest {
    private final Scripted engine = new Scripted();
    private final List<String> stopped = new ArrayList<>();
    private final TrimGuard guard = new TrimGuard(engine, stopped::add);

    @BeforeEach
    void trim() {
        engine.refusal = TrimmedDataAccessException.builder().message("gone").build();
    }

    private void ask(TrimGuard guard) {
        guard.getShardIterator(ask -> ask.shardId("a").sequenceNumber("7"));
    }

    @Test
    @DisplayName("before a processor was told its position, records may be skipped: it can ask")
    void before() {
        assertThrows(TrimmedDataAccessException.class, () -> ask(guard));
        assertTrue(stopped.isEmpty());
    }

    @Test
    @DisplayName("under a running processor the daemon stops, with an error that the adapter does not skip on")
    void under() {
        guard.initialized("a");
        assertThrows(IllegalStateException.class, () -> ask(guard));
        assertEquals(1, stopped.size());
        assertTrue(stopped.get(0).contains("of a after 7"), stopped.get(0));
    }

    @Test
    @DisplayName("another shard's processor, or one that has left, does not count")
    void others() {
        guard.initialized("b");
        guard.initialized("a");
        guard.left("a");
        assertThrows(TrimmedDataAccessException.class, () -> ask(guard));
        assertFalse(guard.haveAllLeft());
    }

    @Test
    @DisplayName("once it stops, nothing is skipped any more, also of a processor that has left, and it is said once")
    void stopping() {
        guard.initialized("a");
        assertThrows(TrimGuard.Unskipped.class, () -> ask(guard));
        guard.left("a");
        assertThrows(TrimGuard.Unskipped.class, () -> ask(guard));
        assertEquals(1, stopped.size());
    }

    @Test
    @DisplayName("who says SKIP has it skipped")
    void skip() {
        TrimGuard lenient = new TrimGuard(engine, null);
        lenient.initialized("a");
        assertThrows(TrimmedDataAccessException.class, () -> ask(lenient));
    }

    @Test
    @DisplayName("a processor counts from the end of initialize until it is given nothing more; every call reaches it")
    void processor() {
        List<String> calls = new ArrayList<>();
        StreamsProcessor processor = new StreamsProcessor(new Kept(calls, guard), guard);
        for (Runnable end : List.<Runnable>of(
                () -> processor.leaseLost(LeaseLostInput.builder().build()),
                () -> processor.shardEnded(ShardEndedInput.builder().build()),
                () -> processor.shutdownRequested(ShutdownRequestedInput.builder().build()))) {
            processor.initialize(InitializationInput.builder().shardId("a").build());
            assertFalse(guard.haveAllLeft());
            processor.processRecords(ProcessRecordsInput.builder().build());
            end.run();
            assertTrue(guard.haveAllLeft());
        }
        assertEquals(
                List.of("init", "records", "lost", "init", "records", "ended", "init", "records", "requested running"), calls);
    }

    /** A processor that keeps its calls. */
    private record Kept(List<String> calls, TrimGuard guard) implements ShardRecordProcessor {
        @Override
        public void initialize(InitializationInput input) {
            calls.add(guard.haveAllLeft() ? "init" : "init running");
        }

        @Override
        public void processRecords(ProcessRecordsInput input) {
            calls.add("records");
        }

        @Override
        public void leaseLost(LeaseLostInput input) {
            calls.add("lost");
        }

        @Override
        public void shardEnded(ShardEndedInput input) {
            calls.add("ended");
        }

        @Override
        public void shutdownRequested(ShutdownRequestedInput input) {
            calls.add(guard.haveAllLeft() ? "requested" : "requested running");
        }
    }
}
