package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.leases.Lease;
import software.amazon.kinesis.leases.LeaseManagementConfig;
import software.amazon.kinesis.leases.LeaseRefresher;
import software.amazon.kinesis.leases.exceptions.DependencyException;
import software.amazon.kinesis.retrieval.kpl.ExtendedSequenceNumber;

class ReleaseTest {
    private final Set<String> done = new ConcurrentSkipListSet<>();
    private String broken = "none";

    private static <T> T fake(Class<T> of, InvocationHandler answers) {
        return of.cast(Proxy.newProxyInstance(of.getClassLoader(), new Class<?>[] {of}, answers));
    }

    private static Lease lease(String key, String owner, ExtendedSequenceNumber at) {
        Lease lease = new Lease();
        lease.leaseKey(key);
        lease.leaseOwner(owner);
        lease.checkpoint(at);
        return lease;
    }

    private Object leases(Object proxy, java.lang.reflect.Method method, Object[] given) throws DependencyException {
        if (method.getName().equals("listLeases")) {
            ExtendedSequenceNumber five = new ExtendedSequenceNumber("5");
            return List.of(
                    lease("a", "me", five),
                    lease("b", "me", five),
                    lease("ended", "me", ExtendedSequenceNumber.SHARD_END),
                    lease("theirs", "other", five));
        }
        String key = ((Lease) given[0]).leaseKey();
        if (key.equals(broken)) {
            throw new DependencyException(new IllegalStateException("slower"));
        }
        return done.add(method.getName() + " " + key);
    }

    private boolean run() {
        DynamoDbAsyncClient tables = fake(DynamoDbAsyncClient.class, (proxy, method, given) -> {
            if (broken.equals("table")) {
                return CompletableFuture.failedFuture(new IllegalStateException("gone"));
            }
            done.add(method.getName());
            return CompletableFuture.completedFuture(null);
        });
        LeaseManagementConfig config = new LeaseManagementConfig(
                "leases", "app", tables, fake(KinesisAsyncClient.class, (proxy, method, given) -> null), "me");
        return new Release(fake(LeaseRefresher.class, this::leases), config, "me").run();
    }

    @Test
    @DisplayName("a worker's own leases are given back: none of a shard that has ended, none of another worker's")
    void own() {
        assertTrue(run());
        assertEquals(Set.of("deleteItem", "evictLease a", "evictLease b"), done);
    }

    @Test
    @DisplayName("one that cannot be given back does not keep the others")
    void oneFails() {
        broken = "a";
        assertTrue(run());
        assertEquals(Set.of("deleteItem", "evictLease b"), done);
    }

    @Test
    @DisplayName("when the tables do not answer it says so, and no exception stops the stop")
    void tablesGone() {
        broken = "table";
        assertFalse(run());
        assertTrue(done.isEmpty());
    }
}
