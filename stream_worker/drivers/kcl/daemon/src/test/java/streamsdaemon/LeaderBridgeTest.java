package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.kinesis.coordinator.CoordinatorStateDAO;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.leader.LeaderBridge;
import sun.misc.Unsafe;

class LeaderBridgeTest {
    @Test
    @DisplayName("the pinned KCL has the fields that the bridge reaches, of the types that it expects")
    void fields() throws ReflectiveOperationException {
        Field components = Scheduler.class.getDeclaredField("migrationComponentsInitializer");
        List<Class<?>> types = List.of(
                components.getType().getDeclaredField("coordinatorStateDAO").getType(),
                components.getType().getDeclaredField("ddbLockBasedLeaderDeciderCreator").getType());
        assertEquals(List.of(CoordinatorStateDAO.class, Supplier.class), types);
    }

    @Test
    @DisplayName("KCL's own way to a leader's lock is replaced")
    void replaced() throws ReflectiveOperationException {
        Scheduler scheduler = empty(Scheduler.class);
        Field components = reached(Scheduler.class, "migrationComponentsInitializer");
        Object inside = empty(components.getType());
        components.set(scheduler, inside);
        reached(inside.getClass(), "coordinatorStateDAO").set(inside, empty(CoordinatorStateDAO.class));
        LeaderBridge.shorten(scheduler, "me", 5000);
        assertNotNull(reached(inside.getClass(), "ddbLockBasedLeaderDeciderCreator").get(inside));
    }

    @Test
    @DisplayName("a scheduler that is not as we know it is left alone, with an exception that the daemon warns of")
    void otherScheduler() throws ReflectiveOperationException {
        Scheduler other = empty(Other.class);
        assertThrows(ReflectiveOperationException.class, () -> LeaderBridge.shorten(other, "me", 5000));
    }

    /** A scheduler whose own class has no fields. */
    private static final class Other extends Scheduler {
        private Other() {
            super(null, null, null, null, null, null, null);
        }
    }

    /** One that no constructor has filled: KCL's ask AWS. */
    private static <T> T empty(Class<T> of) throws ReflectiveOperationException {
        return of.cast(((Unsafe) reached(Unsafe.class, "theUnsafe").get(null)).allocateInstance(of));
    }

    private static Field reached(Class<?> of, String name) throws ReflectiveOperationException {
        Field field = of.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    @Test
    @DisplayName("a worker's load is a percentage, however many shards it has")
    void load() {
        assertEquals(3.0, new ShardsHeld(() -> 3).capture().getValue());
        assertEquals(100.0, new ShardsHeld(() -> 1000).capture().getValue());
        assertTrue(new ShardsHeld(() -> 1).getOperatingRange().getMaxUtilization() <= 100);
    }
}
