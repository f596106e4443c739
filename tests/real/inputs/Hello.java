import java.util.concurrent.*;

public class Hello {
    public static void main(String[] words) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        ConcurrentHashMap<Integer, Integer> table = new ConcurrentHashMap<>();
        Future<?>[] futures = new Future<?>[20];
        for (int i = 0; i < futures.length; i++) {
            int start = i;
            futures[i] = pool.submit(() -> {
                for (int k = 0; k < 2000; k++)
                    table.merge((start * k) % 97, 1, Integer::sum);
            });
        }
        for (Future<?> future : futures)
            future.get();
        pool.shutdown();
        System.gc();
        int sum = table.values().stream().mapToInt(Integer::intValue).sum();
        System.out.println("hello " + sum + " " + pool.awaitTermination(5, TimeUnit.SECONDS));
    }
}
