/*
 * documents.c
 *		Feeds whatever a fuzzer makes up to the readers of documents.
 *
 * Each input is read as a routing plan, as a training plan and as a policy.  Any
 * outcome but
 * a PostgreSQL error or success is a finding: a crash, an invalid access, memory
 * of json-c or libyaml that is not given back, a call that does not end.
 */
#include "postgres.h"

#include "backend.h"
#include "documents/plan_import.h"
#include "documents/routing_document.h"
#include "formats/document_reader.h"
#include "routing/routing_policy.h"

/* Look at all that a decision has. */
static void
take_decision(void *arg, const DocumentedDecision *documented)
{
	uint64	   *sum = arg;

	*sum += documented->decision.target.len + documented->decision.symbol.len +
		documented->route.len + documented->decision.cs_state.len +
		documented->decision.local_state.len + documented->decision.sample_size;
	*sum += strlen(json_object_to_json_string(documented->reason));
	*sum += strlen(json_object_to_json_string(documented->families));
}

static void
take_job(void *arg, const ImportedJob *job)
{
	uint64	   *sum = arg;

	*sum += job->job_id.len + job->target.len + job->symbol.len + job->route.len +
		job->training_type.len + job->priority + job->estimated_samples + job->reason.len;
	*sum += strlen(json_object_to_json_string(job->families));
	*sum += strlen(json_object_to_json_string(job->metadata));
}

static void
read_routing_plan(Slice bytes)
{
	uint64		sum = 0;
	RoutingFacts facts;

	routing_document_read(document_text(bytes, "the document"), "the document", &facts,
						  take_decision, &sum);
}

static void
read_training_plan(Slice bytes)
{
	uint64		sum = 0;
	ImportedFacts facts;

	plan_import_read(document_text(bytes, "the document"), "the document", &facts, take_job, &sum);
}

static void
read_policy(Slice bytes)
{
	RoutingPolicy policy;

	routing_policy_read(document_text(bytes, "the policy"), "the policy", &policy);

	/* what was accepted is in range */
	if (policy.min_sample_size[SCOPE_TARGET] < 0 || policy.min_sample_size[SCOPE_SYMBOL] < 0 ||
		policy.dev_mode_min_sample_size < 0 || policy.max_fraction_symbols < 0 ||
		policy.max_fraction_symbols > 1 || policy.both_strong_behavior < 0 ||
		policy.both_strong_behavior >= both_strong_behaviors.count)
		abort();
}

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Slice		bytes = {size > 0 ? (const char *) data : "", (uint32) size};

	backend_run(read_routing_plan, bytes);
	backend_run(read_training_plan, bytes);
	backend_run(read_policy, bytes);
	return 0;
}
