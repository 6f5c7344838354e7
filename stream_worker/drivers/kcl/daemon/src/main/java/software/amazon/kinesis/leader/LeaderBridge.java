package software.amazon.kinesis.leader;

import java.lang.reflect.Field;
import java.util.function.Supplier;
import software.amazon.kinesis.coordinator.CoordinatorStateDAO;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.metrics.NullMetricsFactory;

/**
 * Shortens the leader's lock, which KCL holds for two minutes: so long nobody would give out the leases of a leader
 * that died.
 *
 * <p>KCL has no setting for it. It lives in KCL's package because the constructor with a length is visible there only,
 * and reaches two private fields.
 */
public final class LeaderBridge {
    private static final String COMPONENTS = "migrationComponentsInitializer";
    private static final String STATE = "coordinatorStateDAO";
    private static final String CREATOR = "ddbLockBasedLeaderDeciderCreator";
    private static final int BEATS_PER_LEASE = 4; // the lock's library asks for at least three
    private static final long SHORTEST_BEAT_MILLIS = 200;

    private LeaderBridge() {}

    /**
     * Lets a scheduler that does not run yet take its leader's lock for so long.
     *
     * @throws ReflectiveOperationException if this KCL is not as we know it; nothing is changed then
     */
    public static void shorten(Scheduler scheduler, String worker, long millis) throws ReflectiveOperationException {
        Object components = field(scheduler.getClass(), COMPONENTS).get(scheduler);
        Field creator = field(components.getClass(), CREATOR);
        if (!(field(components.getClass(), STATE).get(components) instanceof CoordinatorStateDAO state)
                || creator.getType() != Supplier.class) {
            throw new NoSuchFieldException(STATE + " or " + CREATOR + " is of another type");
        }
        long beat = Math.max(SHORTEST_BEAT_MILLIS, millis / BEATS_PER_LEASE);
        Supplier<DynamoDBLockBasedLeaderDecider> shorter =
                () -> DynamoDBLockBasedLeaderDecider.create(state, worker, millis, beat, new NullMetricsFactory());
        creator.set(components, shorter);
    }

    private static Field field(Class<?> of, String name) throws ReflectiveOperationException {
        Field found = of.getDeclaredField(name);
        try {
            found.setAccessible(true);
        } catch (RuntimeException refused) {
            throw new NoSuchFieldException(name + " cannot be reached: " + refused.getMessage());
        }
        return found;
    }
}
