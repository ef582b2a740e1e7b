package ticketing.ingress;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import jakarta.persistence.Entity;
import jakarta.persistence.EntityManager;
import jakarta.persistence.Table;
import java.sql.Connection;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hibernate.annotations.Immutable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.CrudRepository;
import ticketing.fixture.ViolatingIngress;
import ticketing.ingress.command.RevokedCommandRepository;

/// What ingress may do; each rule is also shown to fail.
class ArchitectureTest {

  private static final JavaClasses INGRESS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("ticketing.ingress");
  private static final JavaClasses VIOLATING =
      new ClassFileImporter().importPackagesOf(ViolatingIngress.class);

  private static final Pattern SEATS =
      Pattern.compile("(?i)availableSeats|totalSeats|seatTypes|SeatTypeRow|delete|native");

  static Stream<ArchRule> rules() {
    return Stream.of(
        noClasses()
            .should()
            .dependOnClassesThat()
            .haveNameMatching("org\\.redisson\\.api\\.R.*Lock(Async)?")
            .orShould()
            .callMethodWhere(target(nameMatching("get\\w*Lock")))
            .because("ingress never takes the lock of an event"),
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("ticketing.worker..", "ticketing.notifier..")
            .because("processes meet on the queue and on the boards"),
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.springframework.jdbc.core..")
            .orShould()
            .dependOnClassesThat()
            .belongToAnyOf(EntityManager.class, Connection.class)
            .because("all writing is visible in the repositories")
            .as("no SQL of its own"),
        classes()
            .that(ARE_ROWS_OF_WORKERS)
            .should()
            .beAnnotatedWith(Immutable.class)
            .because("only workers write reservations and decisions")
            .allowEmptyShould(false),
        noClasses()
            .should()
            .beAssignableTo(CrudRepository.class)
            .because("a repository offers only what is used"),
        methods()
            .that()
            .areAnnotatedWith(Query.class)
            .and()
            .areNotDeclaredIn(RevokedCommandRepository.class)
            .should(LOCK_NO_ROW)
            .because("only a withdrawal waits for the decision that is being made"),
        methods()
            .that()
            .areAnnotatedWith(Modifying.class)
            .should(LEAVE_SEATS_ALONE)
            .because("seats of existing events change in the worker alone"));
  }

  private static final DescribedPredicate<JavaClass> ARE_ROWS_OF_WORKERS =
      new DescribedPredicate<>("are rows that workers write") {
        @Override
        public boolean test(JavaClass type) {
          return type.isAnnotatedWith(Entity.class)
              && type.isAnnotatedWith(Table.class)
              && Set.of("reservations", "tickets", "seat_types")
                  .contains(type.getAnnotationOfType(Table.class).name());
        }
      };

  private static final ArchCondition<JavaMethod> LEAVE_SEATS_ALONE =
      new ArchCondition<>("leave seats alone") {
        @Override
        public void check(JavaMethod method, ConditionEvents events) {
          Query query = method.getAnnotationOfType(Query.class);
          boolean writes = query.nativeQuery() || SEATS.matcher(query.value()).find();
          events.add(
              new SimpleConditionEvent(
                  method, !writes, method.getFullName() + " runs " + query.value()));
        }
      };

  private static final ArchCondition<JavaMethod> LOCK_NO_ROW =
      new ArchCondition<>("lock no row") {
        @Override
        public void check(JavaMethod method, ConditionEvents events) {
          String query = method.getAnnotationOfType(Query.class).value();
          boolean locks =
              query.toLowerCase(Locale.ROOT).contains("for update")
                  || method.isAnnotatedWith(Lock.class);
          events.add(
              new SimpleConditionEvent(method, !locks, method.getFullName() + " runs " + query));
        }
      };

  @ParameterizedTest
  @MethodSource("rules")
  void holds(ArchRule rule) {
    assertThat(INGRESS).isNotEmpty();
    rule.check(INGRESS);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void canFail(ArchRule rule) {
    assertThat(rule.evaluate(VIOLATING).hasViolation()).as(rule.getDescription()).isTrue();
  }
}
