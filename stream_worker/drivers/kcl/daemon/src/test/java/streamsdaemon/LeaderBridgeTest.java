package streamsdaemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.kinesis.coordinator.CoordinatorStateDAO;
import software.amazon.kinesis.coordinator.Scheduler;

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
    @DisplayName("a worker's load is a percentage, however many shards it has")
    void load() {
        assertEquals(3.0, new ShardsHeld(() -> 3).capture().getValue());
        assertEquals(100.0, new ShardsHeld(() -> 1000).capture().getValue());
        assertTrue(new ShardsHeld(() -> 1).getOperatingRange().getMaxUtilization() <= 100);
    }
}
