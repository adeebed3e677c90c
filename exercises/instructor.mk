# The instructor's goals: grading a class, packing, and work on the exercises.
# `make dist-student` leaves this file out, and with it `make help` their lines.

# --- a class

# Each has a report of its own: build/grades/05-drain, or build/grades/all.
grade_name = $(if $(EXERCISE),$(or $(firstword $(filter $(EXERCISE)%,$(exercise_names))),$(EXERCISE)),all)
.PHONY: grade similar sample-class
grade: ## grade a class: SUBMISSIONS=dir (EXERCISE=05-drain, OUT=build/grades/05-drain, AGAIN=1, UNSAFE=1)
	@$(if $(SUBMISSIONS),,$(error say where the submissions are: make grade SUBMISSIONS=dir))
	$(build_grader)
	@$(B)/bin/grade class "$(SUBMISSIONS)" --out "$(or $(OUT),build/grades/$(grade_name))" \
		$(if $(EXERCISE),--exercise $(EXERCISE)) $(if $(AGAIN),--again) $(if $(UNSAFE),--unsafe)

similar: ## who handed in the same: SUBMISSIONS=dir (OUT=build/similar, EXERCISE=05-drain)
	@$(if $(SUBMISSIONS),,$(error say where the submissions are: make similar SUBMISSIONS=dir))
	@$(MAKE) --no-print-directory -s BRIEF=1 $(B)/bin/grade
	@$(B)/bin/grade similar "$(SUBMISSIONS)" --out "$(or $(OUT),build/similar)" \
		$(if $(EXERCISE),--exercise $(EXERCISE))

sample-class: ## twelve invented submissions, to try the grader with
	@exercises/sample-class/make.sh
	@echo "next:   make grade SUBMISSIONS=build/sample-class"

# --- what is handed out, and what is uploaded

.PHONY: dist-student gradescope classroom50 autolab
dist-student: ## the kit as students get it, without solutions/: OUT=kit.tar.gz
	@mkdir -p build
	@exercises/dist-student.sh "$(or $(OUT),build/kit-student.tar.gz)"

gradescope: ## pack an autograder: EXERCISE=05-drain (also: make autolab, make classroom50)
gradescope classroom50 autolab:
	@$(if $(EXERCISE),,$(error say which exercise: make $@ EXERCISE=$(firstword $(exercise_names))))
	@exercises/platforms/pack.sh $@ $(EXERCISE)

# --- the exercises themselves

.PHONY: new-exercise matrix flakes
new-exercise: ## begin an exercise: NAME=09-thing (LESSON=09, KIND=write)
	@$(MAKE) --no-print-directory -s BRIEF=1 $(B)/bin/grade
	@$(B)/bin/grade new $(if $(LESSON),--lesson $(LESSON)) $(if $(KIND),--kind $(KIND)) "$(NAME)"

# SAMPLE=1: some of the wrong solutions, as `make test` does.
matrix: ## test the exercises on good, wrong and hostile solutions (EXERCISE=05-drain)
	$(build_grader)
	@$(B)/bin/grade matrix $(if $(SAMPLE),--sample) $(if $(VERBOSE),--verbose) $(EXERCISE)
	@$(if $(SAMPLE)$(EXERCISE),,HOSTILE=all KIT_BUILD=$(B) exercises/test/test_hostile.sh)

flakes: ## grade right solutions on a busy machine, again and again (RUNS=300)
	$(build_grader)
	@exercises/test/flakes.sh $(or $(RUNS),300) $(EXERCISE)
